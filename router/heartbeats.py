"""When silent streams get their heartbeats: those of a moment together, by one timer.

Together, because what is written to a connection in one turn leaves in one write. With a timer for each stream, and a
wake-up of its task for each heartbeat, 10,000 silent streams took 6 % of a core.
"""

import asyncio
from typing import Protocol

PARTS = 20
"""A heartbeat may come early by this part of its interval, and is never late by more than a tenth of that."""

TOLERANCE = 0.1


class Beating(Protocol):
    """A stream that is written to now and then."""

    def beat(self, now: float, early: float) -> None:
        """Write a heartbeat if one is due by `early` seconds from now, and be placed anew."""
        ...


class Heartbeats:
    """The streams of one router, each in the moment of its next heartbeat."""

    def __init__(self, seconds: float) -> None:
        """`seconds` of silence make one due."""
        self.seconds = seconds
        self._step = seconds / PARTS
        self._moments: dict[int, dict[Beating, None]] = {}

    def __repr__(self) -> str:
        return f"<Heartbeats of {sum(map(len, self._moments.values()))} streams in {len(self._moments)} moments>"

    def place(self, stream: Beating, due: float) -> int:
        """Look after a stream whose next heartbeat is due then; return the moment that it is in."""
        moment = int(due / self._step + TOLERANCE)
        streams = self._moments.get(moment)
        if streams is None:
            streams = self._moments[moment] = {}
            asyncio.get_running_loop().call_at(moment * self._step, self._beat, moment)
        streams[stream] = None
        return moment

    def forget(self, stream: Beating, moment: int) -> None:
        """Look no more after a stream that is in this moment."""
        self._moments.get(moment, {}).pop(stream, None)

    def _beat(self, moment: int) -> None:
        now = asyncio.get_running_loop().time()
        for stream in self._moments.pop(moment):
            stream.beat(now, self._step)
