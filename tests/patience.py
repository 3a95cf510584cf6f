"""How long tests wait for what comes in the end.

Such a bound ends what hangs; it is no promise of the product, which `within` in `tests/e2e/service.py` holds it to.
What comes is waited for no longer than it takes, so a bound costs a run that passes nothing, and it has room for a
machine that is several times slower than usual, and busy. `TIDINGS_TEST_PATIENCE=1` is for somebody who works on a
test that hangs.
"""

import asyncio
import os
import time
from collections.abc import Callable

PATIENCE = float(os.environ.get("TIDINGS_TEST_PATIENCE", "5"))
"""How many times longer tests wait than a quiet machine of usual speed needs at most."""


def patient(seconds: float) -> float:
    """Return how long to wait for what comes within `seconds` on a quiet machine of usual speed."""
    return seconds * PATIENCE


async def until(condition: Callable[[], bool], seconds: float = 10.0, what: str = "the condition") -> None:
    """Wait for `condition`, and fail when it does not come true although the wait was patient."""
    deadline = time.monotonic() + patient(seconds)
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not come true within {patient(seconds):g} s"
        await asyncio.sleep(0.01)
