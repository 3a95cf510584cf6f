"""Tells applications that their clients have left, some of them in each turn of the event loop.

A connection that breaks can have thousands of streams, and a proxy all that there are. Those who are told end their
work, which takes some ten microseconds each; others must have a turn between them.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final

AT_ONCE: Final = 200
"""More than are begun in a turn, so that who gives up all and begins anew finds room."""


class Leaving:
    """Whom to call, in the order in which their clients left."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._calls: deque[Callable[[], None]] = deque()

    def __repr__(self) -> str:
        return f"<Leaving {len(self._calls)} to be told>"

    def add(self, call: Callable[[], None]) -> None:
        """Have `call` called soon; it must not raise."""
        if not self._calls:
            self._loop.call_soon(self._some)
        self._calls.append(call)

    def _some(self) -> None:
        try:
            for _ in range(min(AT_ONCE, len(self._calls))):
                self._calls.popleft()()
        finally:
            if self._calls:
                self._loop.call_soon(self._some)
