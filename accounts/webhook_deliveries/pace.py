"""How fast receivers are asked: so many requests a second, evenly spread, in the order in which they are wanted."""

import asyncio


class Pace:
    """Lets one request through after the other.

    Args:
        per_second: How many.
    """

    def __init__(self, per_second: int) -> None:
        self._seconds = 1 / per_second
        self._next_at = 0.0

    async def wait(self) -> None:
        """Return when the next request may go."""
        now = asyncio.get_running_loop().time()
        at = max(self._next_at, now)
        self._next_at = at + self._seconds
        if at > now:
            await asyncio.sleep(at - now)
