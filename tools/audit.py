"""Asks whether what is pinned is known to be vulnerable, and says so plainly where nobody could be asked.

Out of `make audit`: `python -m tools.audit PATH-OF-PIP-AUDIT`. Without an answer about any package it ends with 0 and a
line that begins with `skipped`; an advisory ends it with 1.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

FILES = ("requirements/runtime.txt", "requirements/dev.txt")
SECONDS = 120


def verdict(dependencies: Sequence[dict[str, Any]]) -> tuple[int, list[str]]:
    """Return the exit status and the lines to print, of what pip-audit says of each package."""
    asked = [each for each in dependencies if "skip_reason" not in each]
    found = [
        f"{each['name']} {each['version']}: {vulnerability['id']}, mended in {', '.join(vulnerability['fix_versions'])}"
        for each in asked
        for vulnerability in each["vulns"]
    ]
    if not asked:
        return 0, ["skipped: the advisories cannot be had from here; no package could be looked up"]
    return int(bool(found)), found or [f"no advisory for any of {len(asked)} packages"]


def main(program: str) -> int:
    """Run pip-audit on all pins, print what is known, and return the exit status."""
    words = [program, "--format", "json", "--progress-spinner", "off", "--disable-pip", "--no-deps"]
    for file in FILES:
        words += ["--requirement", file]
    try:
        done = subprocess.run(words, check=False, capture_output=True, text=True, timeout=SECONDS)
        dependencies = json.loads(done.stdout)["dependencies"]
    except (subprocess.TimeoutExpired, ValueError):
        print("skipped: the advisories cannot be had from here; pip-audit had no answer")
        return 0
    status, lines = verdict(dependencies)
    print("\n".join(lines))
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
