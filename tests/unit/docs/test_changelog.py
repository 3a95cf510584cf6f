"""The changelog, the version and what releases have left for tests of upgrades go together."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[3]
VERSION: str = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
HEADINGS = re.findall(r"^## (.+)$", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
RELEASES = [heading for heading in HEADINGS if not heading.startswith("Unreleased")]


def test_the_newest_section_is_of_this_version() -> None:
    released = VERSION.removesuffix(".dev0")
    assert HEADINGS[0] == (released if released == VERSION else f"Unreleased: {released}")


def test_each_minor_release_has_left_a_database_for_tests() -> None:
    folder = ROOT / "tests" / "integration" / "accounts" / "releases"
    assert {path.stem for path in folder.glob("*.json")} == {name for name in RELEASES if name.endswith(".0")}
