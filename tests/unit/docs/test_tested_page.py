"""The page of what is tested names tests that are there, and variables that tests read."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "tested.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| ([A-Z]\d+) \| (.+?) \| (.+?) \|$", PAGE, re.MULTILINE)
VARIABLES = re.findall(r"^\| `(TIDINGS_\w+)=", PAGE, re.MULTILINE)
TEST = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


@pytest.mark.parametrize(("row", "tests"), [(row, tests) for row, _, tests in ROWS], ids=[row for row, _, _ in ROWS])
def test_each_row_has_tests(row: str, tests: str) -> None:
    named = TEST.findall(tests)
    assert named, row
    for path, name in named:
        text = (ROOT / path).read_text(encoding="utf-8")
        assert re.search(rf"^(?:async )?def {name}\(", text, re.MULTILINE), f"{path}::{name}"


def test_each_variable_is_read_by_a_test() -> None:
    folders = (ROOT / "tests" / "e2e", ROOT / "tests" / "unit")
    tests = "".join(path.read_text(encoding="utf-8") for folder in folders for path in folder.rglob("*.py"))
    assert len(VARIABLES) == 5
    assert all(f'"{name}"' in tests for name in VARIABLES)
