"""Tells the rest of the fleet that this process is there."""

import asyncio
import logging
import time
from importlib.metadata import version

from api.errors import TidingsError
from backplane.interface import Process, Registry, Tier

ANNOUNCE_SECONDS = 1.0

_log = logging.getLogger(__name__)


async def announce(registry: Registry, tier: Tier, id: str, address: str) -> None:
    """Say so every second, until cancelled. A backplane that cannot be reached is told again."""
    software, started_at = version("tidings"), time.time()
    while True:
        try:
            await registry.announce(Process(id, tier, address, software, started_at, clock=time.time()))
        except TidingsError:  # the backplane has told the log
            pass
        except Exception:  # noqa: BLE001 - the next turn may go well, and the service goes on without it
            _log.exception("this process could not be announced")
        await asyncio.sleep(ANNOUNCE_SECONDS)
