"""Runs tests once more, alone, that failed beside others; for `.ci/run`, after a run of all tests.

`python -m tools.second_look` takes from pytest's cache what failed. Where that passes alone it ends with 0 and a line
for each that begins with `unsteady`, for somebody to mend. It ends with 1 where something fails again, where nothing
was noted though the run failed, and where more failed than a busy machine explains.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

NOTED = Path(".pytest_cache/v/cache/lastfailed")
MOST = 40
"""So many tests, one in a hundred, may fail on a machine that stands still, or is several times slower than usual."""


def failed(noted: Path) -> list[str]:
    """Return the ids of the tests that failed in the last run, in order; none where it noted nothing."""
    return sorted(json.loads(noted.read_text())) if noted.exists() else []


def refusal(tests: Sequence[str]) -> str | None:
    """Say why these tests get no second look; None if they do."""
    if not tests:
        return "no second look: the run failed, but noted no test that did"
    if len(tests) > MOST:
        return f"no second look: {len(tests)} tests failed, at most {MOST} would get one"
    return None


def look(tests: Sequence[str], folder: Path) -> int:
    """Run these tests alone in `folder`, print what was found, and return the exit status."""
    print(f"--- a second look, alone, at {len(tests)} that failed beside others", flush=True)
    command = [sys.executable, "-m", "pytest", "-v", "-p", "no:cacheprovider", *tests]
    if subprocess.run(command, cwd=folder, check=False).returncode != 0:
        return 1
    for test in tests:
        print(f"unsteady: {test} failed beside others and passed alone; its first failure is above, mend it")
    return 0


def main() -> int:
    tests = failed(NOTED)
    why = refusal(tests)
    if why is not None:
        print(why)
        return 1
    return look(tests, Path())


if __name__ == "__main__":
    sys.exit(main())
