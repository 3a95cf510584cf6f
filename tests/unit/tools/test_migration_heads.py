"""Migrations are one line."""

from pathlib import Path

from tests.unit.tools.conftest import Write
from tools.migration_heads import problems


def step(write: Write, revision: str, follows: str | None) -> None:
    write(f"migrations/versions/{revision}.py", f"revision = {revision!r}\ndown_revision: str | None = {follows!r}\n")


def test_a_line_is_accepted(repository: Path, write: Write) -> None:
    step(write, "0001", None)
    step(write, "0002", "0001")
    assert problems(repository) == []


def test_a_fork_is_found(repository: Path, write: Write) -> None:
    step(write, "0001", None)
    step(write, "0002", "0001")
    step(write, "0003", "0001")
    assert problems(repository) == ["2 migrations follow 0001"]


def test_two_beginnings_are_found(repository: Path, write: Write) -> None:
    step(write, "0001", None)
    step(write, "0002", None)
    assert problems(repository) == ["2 migrations follow nothing"]


def test_a_step_after_nothing_known_is_found(repository: Path, write: Write) -> None:
    step(write, "0001", None)
    step(write, "0003", "0002")
    assert problems(repository) == ["0003 follows 0002, which does not exist"]
