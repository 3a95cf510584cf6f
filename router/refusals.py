"""Slows down clients that subscribe again at once, without end, when they are refused. Some SDKs do."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

from api.errors import TidingsError

FREE_REFUSALS = 2
WINDOW_SECONDS = 10.0
PAUSE_SECONDS = 0.75
MAX_CLIENTS = 10_000


class Refusals:
    """Counts refused subscriptions by connection; from the third within 10 s on, the answer takes a while."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._counts: dict[tuple[str, int], tuple[float, int]] = {}

    def count(self, client: tuple[str, int]) -> int:
        """Count one refusal; return how many there were in this window."""
        now = self._now()
        since, count = self._counts.get(client, (now, 0))
        if now - since > WINDOW_SECONDS:
            since, count = now, 0
        if client not in self._counts and len(self._counts) >= MAX_CLIENTS:
            self._counts.clear()
        self._counts[client] = (since, count + 1)
        return count + 1

    async def pause(self, client: Any, reason: TidingsError) -> None:  # noqa: ANN401 - ASGI leaves the type open
        """Wait before `reason` is told to a client that heard too many refusals lately."""
        if client and reason.after != "resubscribe" and self.count((client[0], client[1])) > FREE_REFUSALS:
            await asyncio.sleep(PAUSE_SECONDS)
