"""Work that is done again and again while a service runs, and the settings of the garbage collector for one."""

import asyncio
import gc
import logging
from collections.abc import Callable, Iterable

_log = logging.getLogger(__name__)

SWEEP_SECONDS = 5.0
TRIM_SECONDS = 1.0

GC_THRESHOLDS = (100_000, 20, 100)
"""What lives long here are streams, in their thousands: to look through them for cycles after each 700 new objects, as
Python does by default, costs 15 to 30 % of the fan-out at 1 to 100."""


async def every(seconds: float, work: Callable[[], Iterable[None] | None]) -> None:
    """Do `work` after each `seconds`, until cancelled; others have a turn between its steps, if it has any."""
    while True:
        await asyncio.sleep(seconds)
        try:
            for _ in work() or ():
                await asyncio.sleep(0)
        except Exception:  # noqa: BLE001 - the next turn may go well, and without any the memory would fill
            _log.exception("housekeeping failed")


def look_not_at_all() -> None:
    """Look for no cycles until `settle`: a start makes 300,000 objects that stay, and a thousand that do not."""
    gc.disable()


def settle() -> None:
    """Take what is there now as permanent, without a look at it, and look for cycles in the rest seldom."""
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)
    gc.enable()
