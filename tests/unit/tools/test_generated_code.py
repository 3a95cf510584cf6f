"""Committed code is what its .proto makes."""

from pathlib import Path

from tests.unit.tools.conftest import Write
from tools.generated_code import generate, problems

PROTO = 'syntax = "proto3";\npackage api.small;\nmessage Small { int64 number = 1; }\n'


def test_current_code_is_accepted(repository: Path, write: Write) -> None:
    write("api/small.proto", PROTO)
    generate(repository, repository)
    assert problems(repository) == []


def test_code_of_an_older_proto_is_found(repository: Path, write: Write) -> None:
    write("api/small.proto", PROTO)
    generate(repository, repository)
    write("api/small.proto", PROTO.replace("number", "count"))
    assert problems(repository) == [
        f"api/small_pb2{ending} is not what its .proto makes; run make proto" for ending in (".py", ".pyi")
    ]


def test_code_without_its_proto_is_found(repository: Path, write: Write) -> None:
    write("api/gone_pb2.py", "")
    assert problems(repository) == ["api/gone_pb2.py has no .proto"]
