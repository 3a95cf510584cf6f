"""How long tests wait for what comes in the end.

Such a bound ends what hangs; it is no promise of the product, which `within` in `tests/e2e/service.py` holds it to.
What comes is waited for no longer than it takes, so a bound costs a run that passes nothing, and it has room for a
machine that is several times slower than usual, and busy. `TIDINGS_TEST_PATIENCE=1` is for somebody who works on a
test that hangs.
"""

import os

PATIENCE = float(os.environ.get("TIDINGS_TEST_PATIENCE", "5"))
"""How many times longer tests wait than a quiet machine of usual speed needs at most."""


def patient(seconds: float) -> float:
    """Return how long to wait for what comes within `seconds` on a quiet machine of usual speed."""
    return seconds * PATIENCE
