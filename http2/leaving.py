"""What is to be done when thousands of streams end together, for some of them in each turn of the event loop.

A connection that breaks can have so many, and a proxy all that there are. Applications are told that their clients have
left, and end their work; whoever takes note of calls writes a line; a request that came too late is refused. That takes
some ten microseconds each; others must have a turn between them.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final

AT_ONCE: Final = 200
"""In a turn, or two milliseconds: who gives up all and begins anew finds room, since fewer of a connection's requests
are taken in a turn."""

PART: Final = 64
"""One in so many of what waits is done in a turn, where that is more: however fast connections come and break, no more
waits than comes in so many turns."""


class Leaving:
    """What to call, in the order in which streams ended."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._calls: deque[Callable[[], None]] = deque()

    def __repr__(self) -> str:
        return f"<Leaving {len(self._calls)} to be called>"

    def add(self, call: Callable[[], None]) -> None:
        """Have `call` called soon; it must not raise."""
        if not self._calls:
            self._loop.call_soon(self._some)
        self._calls.append(call)

    def finish(self) -> None:
        """Call all at once, where there will be no more turns."""
        while self._calls:
            self._calls.popleft()()

    def _some(self) -> None:
        try:
            for _ in range(min(max(AT_ONCE, len(self._calls) // PART), len(self._calls))):
                self._calls.popleft()()
        finally:
            if self._calls:
                self._loop.call_soon(self._some)
