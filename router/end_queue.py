"""Wakes subscriptions that end together, some of them in each turn of the event loop.

A cache that is deleted, a key that is revoked or a token that expires ends all subscriptions that it allowed. Each
takes some tens of microseconds to end, and others must have a turn between them.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final

AT_ONCE: Final = 50
"""Those take a few milliseconds of a turn: ten thousand in one turn kept everybody waiting for a second."""


class EndQueue:
    """Whom to wake, in the order in which their end was decided."""

    def __init__(self) -> None:
        self._waiting: deque[Callable[[], None]] = deque()

    def __repr__(self) -> str:
        return f"<EndQueue of {len(self._waiting)}>"

    def add(self, wake: Callable[[], None]) -> None:
        """Have `wake` called soon; it must not raise."""
        if not self._waiting:
            asyncio.get_running_loop().call_soon(self._some)
        self._waiting.append(wake)

    def _some(self) -> None:
        waiting = self._waiting
        for _ in range(min(AT_ONCE, len(waiting))):
            waiting.popleft()()
        if waiting:
            asyncio.get_running_loop().call_soon(self._some)
