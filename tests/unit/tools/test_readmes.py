"""Lists of files in the READMEs of packages."""

from pathlib import Path

from tests.unit.tools.conftest import Write
from tools.readmes import problems


def test_a_readme_that_names_all_modules_and_folders_is_accepted(repository: Path, write: Write) -> None:
    for name in ("__init__.py", "log.py", "links/__init__.py", "links/remote.py", "link_pb2.py"):
        write(f"router/{name}", "")
    write("router/README.md", "feed.py, log.py  one topic\nlinks/  to other machines\n")
    assert problems(repository) == []


def test_a_module_and_a_folder_that_are_named_nowhere_are_found(repository: Path, write: Write) -> None:
    for name in ("__init__.py", "log.py", "access_log.py", "links/remote.py"):
        write(f"router/{name}", "")
    write("router/README.md", "See access_log.py and storage/log.py.\n")
    assert problems(repository) == ["router/README.md links/", "router/README.md log.py"]


def test_of_accounts_only_folders_are_named(repository: Path, write: Write) -> None:
    write("accounts/people.py", "")
    write("accounts/keys/service.py", "")
    write("accounts/README.md", "")
    assert problems(repository) == ["accounts/README.md keys/"]


def test_a_folder_without_a_readme_has_no_list(repository: Path, write: Write) -> None:
    write("README.md", "")
    write("tools/check.py", "")
    write("docs/decisions/README.md", "")
    assert problems(repository) == []
