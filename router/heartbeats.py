"""When silent streams get their heartbeats: those of a moment together, by one timer.

Together, because what is written to a connection in one turn leaves in one write. With a timer for each stream, and a
wake-up of its task for each heartbeat, 10,000 silent streams took 6 % of a core. Whether heartbeats were taken is
looked at for all of a moment, too: to be called back for each of them takes more than to look.
"""

import asyncio
from typing import Protocol

PARTS = 20
"""A heartbeat may come early by this part of its interval, and is never late by more than a tenth of that."""

TOLERANCE = 0.1

FIRST_SECONDS = 5.0
"""SDKs' tests want a heartbeat within ten seconds of that which opens a stream, and ask nothing of later ones."""

EASY_A_SECOND = 1000
LONGEST_SECONDS = 10.0
"""With more heartbeats a second than that, later ones of a stream come after longer silence, up to this."""

TAKEN_SECONDS = 0.05
"""How long after heartbeats were written it is looked whether they were taken. The edge takes a millisecond."""


class Beating(Protocol):
    """A stream that is written to now and then.

    Attributes:
        quiet_since: When it was written to last, by the loop's clock.
        patience: How many seconds of silence make a heartbeat due; theirs to set.
        moment: Where it is among the heartbeats; theirs to set.
    """

    quiet_since: float
    patience: float
    moment: int

    def beat(self, now: float) -> bool:
        """Write the heartbeat that is due; return whether it did so, and is to be asked by `look` what came of it."""
        ...

    def look(self) -> None:
        """See what came of a heartbeat."""
        ...


class Heartbeats:
    """The streams of one router, each in the moment of its next heartbeat."""

    def __init__(self, seconds: float) -> None:
        """So many seconds of silence make one due.

        `FIRST_SECONDS` do if that is less and the stream has had none; more may be needed where there are many streams.
        """
        self._first_seconds = min(seconds, FIRST_SECONDS)
        self._seconds = seconds
        self._step = seconds / PARTS
        self._moments: dict[int, dict[Beating, None]] = {}

    def __repr__(self) -> str:
        return f"<Heartbeats of {self._count()} streams in {len(self._moments)} moments>"

    def begin(self, stream: Beating) -> None:
        """Look after a stream."""
        stream.patience = self._first_seconds
        self._place(stream)

    def forget(self, stream: Beating) -> None:
        """Look no more after a stream."""
        self._moments.get(stream.moment, {}).pop(stream, None)

    def _count(self) -> int:
        return sum(map(len, self._moments.values()))

    def _place(self, stream: Beating) -> None:
        stream.moment = self._moment(stream.quiet_since + stream.patience)
        self._streams(stream.moment)[stream] = None

    def _moment(self, due: float) -> int:
        return int(due / self._step + TOLERANCE)

    def _streams(self, moment: int) -> dict[Beating, None]:
        streams = self._moments.get(moment)
        if streams is None:
            streams = self._moments[moment] = {}
            asyncio.get_running_loop().call_at(moment * self._step, self._beat, moment)
        return streams

    def _beat(self, moment: int) -> None:
        patience = max(self._seconds, min(self._count() / EASY_A_SECOND, LONGEST_SECONDS))
        streams, loop = self._moments.pop(moment), asyncio.get_running_loop()
        if not streams:
            return  # or a moment of nobody would be followed by another, for ever
        now = loop.time()
        soon = now + self._step
        after = self._moment(now + patience)
        later = self._streams(after)
        written: list[Beating] = []
        for stream in streams:
            if stream.quiet_since + stream.patience > soon:
                self._place(stream)
                continue
            stream.patience = patience
            stream.moment = after
            later[stream] = None
            if stream.beat(now):
                written.append(stream)
        loop.call_later(TAKEN_SECONDS, _look, written)


def _look(written: list[Beating]) -> None:
    for stream in written:
        stream.look()
