"""The page that maps the contract to tests names only tests that exist, and all that were written for it."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "compatibility.md").read_text(encoding="utf-8")
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


def defined_in(path: Path) -> set[str]:
    return set(re.findall(r"^(?:async )?def (test_\w+)", path.read_text(encoding="utf-8"), re.MULTILINE))


def test_every_test_that_the_page_names_exists() -> None:
    named = NAMED.findall(PAGE)
    assert named
    assert [f"{path}::{name}" for path, name in named if name not in defined_in(ROOT / path)] == []


def test_every_test_of_the_contract_is_on_the_page() -> None:
    named = set(NAMED.findall(PAGE))
    written = {
        (str(path.relative_to(ROOT)), name)
        for path in (ROOT / "tests" / "e2e" / "conformance").glob("test_*.py")
        for name in defined_in(path)
    }
    assert written - named == set()
