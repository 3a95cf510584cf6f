"""Paths in the documentation."""

from pathlib import Path

from tests.unit.tools.conftest import Write
from tools.doc_paths import problems


def test_paths_and_links_that_exist_are_accepted(repository: Path, write: Write) -> None:
    write("router/log.py", "")
    write("docs/walk.md", "See `router/log.py`, `router/*.py`, `router/` and [the log](../router/log.py#start).\n")
    assert problems(repository) == []


def test_a_path_that_is_gone_is_found(repository: Path, write: Write) -> None:
    write("router/log.py", "")
    write("docs/walk.md", "See\n`router/queue.py`.\n")
    assert problems(repository) == ["docs/walk.md:2 router/queue.py"]


def test_a_link_that_leads_nowhere_is_found(repository: Path, write: Write) -> None:
    write("README.md", "[settings](docs/settings.md)\n")
    assert problems(repository) == ["README.md:1 docs/settings.md"]


def test_addresses_and_paths_of_other_things_are_left_alone(repository: Path, write: Write) -> None:
    write("README.md", "[site](https://example.com/a) and `application/grpc` and `/v1/signup`\n")
    assert problems(repository) == []
