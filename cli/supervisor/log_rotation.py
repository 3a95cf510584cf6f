"""Keeps the access log from filling the disk: at a bound it is moved aside, over the one moved before."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path

log = logging.getLogger("tidings.supervisor")

MOST_BYTES = 64 * 1024 * 1024
LOOK_SECONDS = 5.0


async def keep_bounded(
    path: Path,
    reopen: Callable[[], Awaitable[None]],
    *,
    most_bytes: int = MOST_BYTES,
    look_seconds: float = LOOK_SECONDS,
) -> None:
    """Watch the log until cancelled; `reopen` makes its writers leave the file that was moved."""
    while True:
        await asyncio.sleep(look_seconds)
        try:
            if _moved_aside(path, most_bytes):
                await reopen()
        except OSError as error:
            log.warning("the access log could not be moved aside: %s", error)


def _moved_aside(path: Path, most_bytes: int) -> bool:
    """Move the file if it is over the bound; one that no generation has opened yet is not."""
    if not path.exists() or path.stat().st_size <= most_bytes:
        return False
    path.replace(path.with_suffix(".log.1"))
    return True
