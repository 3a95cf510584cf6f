"""No file names a package registry."""

from pathlib import Path

from tests.unit.tools.conftest import Write
from tools.registry_hosts import problems


def test_a_host_is_found_with_its_line(repository: Path, write: Write) -> None:
    host = "pythonhosted{}org".format(".")
    write("requirements.txt", f"click==8\n--find-links https://{host}/x\n")
    assert problems(repository) == [f"requirements.txt:2 {host}"]


def test_names_and_versions_alone_are_fine(repository: Path, write: Write) -> None:
    write("requirements.txt", "click==8\n")
    write("picture.bin", "\udc80".encode("utf-8", "surrogateescape").decode("latin-1"))
    assert problems(repository) == []
