"""The page on performance stays short, and each step that was tried has a place and all of its columns."""

import re
from pathlib import Path

DOCS = Path(__file__).parents[3] / "docs"
SHORT = (DOCS / "performance.md").read_text(encoding="utf-8")
TRIED = (DOCS / "performance-tried.md").read_text(encoding="utf-8")
HEADER = "| step | before | after | kept |"


def test_what_is_not_a_table_is_short() -> None:
    prose = [line for line in SHORT.splitlines() if not line.startswith("|")]
    assert len(" ".join(prose).split()) < 1_800
    assert max(len(line.split()) for line in prose) < 120


def test_the_short_page_leads_to_subjects_that_are_there() -> None:
    subjects = {line[3:].lower().replace(" ", "-") for line in TRIED.splitlines() if line.startswith("## ")}
    named = set(re.findall(r"\(performance-tried\.md#([\w-]+)\)", SHORT))
    assert named
    assert named <= subjects


def test_each_step_has_a_subject_and_says_whether_it_was_kept() -> None:
    _, *subjects = re.split(r"^## ", TRIED, flags=re.MULTILINE)
    assert all(HEADER in subject for subject in subjects)
    steps = [
        line for subject in subjects for line in subject.partition(HEADER)[2].splitlines()[2:] if line.startswith("|")
    ]
    assert len(steps) >= 68
    assert all(len(re.findall(r"(?<!\\)\|", step)) == 5 for step in steps)
