"""Keeps a copy of something in the store up to date: at each wake-up, and at the latest after an interval."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable

from api.errors import Unavailable
from api.tasks import end

REST_SECONDS = 0.005
"""Changes that come faster than this are taken together."""

_log = logging.getLogger(__name__)


class Follower:
    """Calls `catch_up` again and again; a store that cannot be reached is asked again."""

    def __init__(
        self, catch_up: Callable[[], Awaitable[object]], woken: asyncio.Event, interval_seconds: float
    ) -> None:
        self._catch_up = catch_up
        self._woken = woken
        self._interval_seconds = interval_seconds
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Catch up once, if the store can be reached, and go on in the background."""
        await self._try()
        self._task = asyncio.create_task(self._follow())

    async def close(self) -> None:
        if self._task is not None:
            await end(self._task)

    async def _follow(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._interval_seconds):
                    await self._woken.wait()
            self._woken.clear()
            await self._try()
            await asyncio.sleep(REST_SECONDS)

    async def _try(self) -> None:
        try:
            await self._catch_up()
        except Unavailable:  # the store has told the log
            return
        except Exception:  # noqa: BLE001 - a watcher that fails must not end the following of what it watches
            _log.exception("news of the backplane could not be told")
