"""Each threat of the security page has a control and a test that is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
THREATS = re.findall(r"^\| ([STRIDE]: .+?) \| (.+?) \| (.+?) \|$", PAGE, re.MULTILINE)
TEST = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


def test_every_kind_of_threat_is_thought_of() -> None:
    assert {threat[0] for threat, _, _ in THREATS} == set("STRIDE")
    assert len(THREATS) >= 30


@pytest.mark.parametrize(("threat", "control", "tests"), THREATS, ids=[threat[:40] for threat, _, _ in THREATS])
def test_each_threat_has_a_control_and_a_test(threat: str, control: str, tests: str) -> None:
    named = TEST.findall(tests)
    assert control
    assert named, threat
    for path, name in named:
        text = (ROOT / path).read_text(encoding="utf-8")
        assert re.search(rf"^(?:async )?def {name}\(", text, re.MULTILINE), f"{path}::{name}"
