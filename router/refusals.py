"""Slows down clients that subscribe again at once, without end, when they are refused. Some SDKs do."""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from api.errors import TidingsError

FREE_REFUSALS = 2
WINDOW_SECONDS = 10.0
PAUSE_SECONDS = 0.75
MAX_CLIENTS = 10_000

MOST_PAUSED = 4_096
"""Answers that wait at a time; beyond it they are given at once. Each takes a place among the calls that a server may
have."""

AT_ONCE = 50
"""Of those that have waited, so many are given in a turn of the event loop. A client may be refused for thousands of
subscriptions together, and others must have a turn between them."""


class Refusals:
    """Counts refused subscriptions by connection; from the third within 10 s on, the answer takes a while."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._counts: dict[tuple[str, int], tuple[float, int]] = {}
        self._paused: deque[tuple[float, asyncio.Future[None]]] = deque()

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
        if not client or reason.after == "resubscribe" or self.count((client[0], client[1])) <= FREE_REFUSALS:
            return
        if len(self._paused) < MOST_PAUSED:
            await self._waited()

    def _waited(self) -> "asyncio.Future[None]":
        loop = asyncio.get_running_loop()
        until, waiter = loop.time() + PAUSE_SECONDS, loop.create_future()
        if not self._paused:
            loop.call_at(until, self._go_on)
        self._paused.append((until, waiter))
        return waiter

    def _go_on(self) -> None:
        paused, loop = self._paused, asyncio.get_running_loop()
        now = loop.time()
        for _ in range(AT_ONCE):
            if not paused or paused[0][0] > now:
                break
            _, waiter = paused.popleft()
            if not waiter.done():  # its client may have left
                waiter.set_result(None)
        if paused:
            loop.call_at(max(paused[0][0], now), self._go_on)
