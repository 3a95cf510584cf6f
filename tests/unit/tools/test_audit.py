from typing import Any

from tools.audit import verdict

SAFE: dict[str, Any] = {"name": "click", "version": "8.3.0", "vulns": []}
UNKNOWN: dict[str, Any] = {"name": "hpack", "skip_reason": "Dependency not found"}
VULNERABLE: dict[str, Any] = {
    "name": "h2",
    "version": "4.0.0",
    "vulns": [{"id": "CVE-2026-1", "fix_versions": ["4.1.0"]}],
}


def test_an_advisory_fails_and_is_named_with_what_mends_it() -> None:
    assert verdict([SAFE, VULNERABLE, UNKNOWN]) == (1, ["h2 4.0.0: CVE-2026-1, mended in 4.1.0"])


def test_what_was_looked_up_without_a_finding_passes() -> None:
    assert verdict([SAFE, UNKNOWN]) == (0, ["no advisory for any of 1 packages"])


def test_it_says_when_nobody_could_be_asked() -> None:
    status, (line,) = verdict([UNKNOWN])
    assert (status, line[:8]) == (0, "skipped:")
