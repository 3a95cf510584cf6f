"""Connections that have asked for more than is done for one of them at a time, and whose turn it is."""

import asyncio
from collections import deque
from typing import Final, Protocol

from http2.counts import Counts

ALONE_REQUESTS: Final = 512
"""At a time, of a connection that alone asks for anything: what is answered together is written together."""

CALM_REQUESTS: Final = 32
"""At once, of a connection that does not wait; who has no more under way never does."""

SHARED_REQUESTS: Final = 8
"""In its turn, of a connection that waits, where others ask as well. They are behind these in some turns."""

ALONE_SECONDS: Final = 1.0
"""So long no other connection has asked for anything when one counts as alone."""


class Reader(Protocol):
    """A connection that has more to ask."""

    def go_on(self, requests: int) -> bool:
        """Read so many requests more; return whether there is a rest."""
        ...


class Waiting:
    """Connections with requests that have come and are not read yet.

    One of them is read in each turn of the loop, so that those who ask for little, and are heard in each, are behind a
    part of what one of the others asks for. A part of each, in each turn, took them three times as long, and fewer
    requests were served: so many writes went out for as many answers.
    """

    def __init__(self, counts: Counts) -> None:
        """Tell in `counts` how many there are."""
        self._counts = counts
        self._loop = asyncio.get_running_loop()
        self._readers: deque[Reader] = deque()
        self._asked_last: Reader | None = None
        self._alone_at = 0.0

    def __repr__(self) -> str:
        return f"<Waiting {len(self._readers)}>"

    @property
    def at_once(self) -> int:
        """How many requests are read of a connection that does not wait."""
        return ALONE_REQUESTS if self._is_lone else CALM_REQUESTS

    @property
    def _is_lone(self) -> bool:
        return not self._readers and self._loop.time() >= self._alone_at

    def asked(self, reader: Reader) -> None:
        """Take note that requests were read of a connection."""
        if reader is not self._asked_last:
            self._asked_last = reader
            self._alone_at = self._loop.time() + ALONE_SECONDS

    def forget(self, reader: Reader) -> None:
        """Take note that a connection has ended."""
        if reader is self._asked_last:
            self._asked_last = None

    def add(self, reader: Reader) -> None:
        """Have one go on when its turn has come."""
        if not self._readers:
            self._loop.call_soon(self._turn)
        self._readers.append(reader)
        self._counts.waiting += 1

    def _turn(self) -> None:
        reader = self._readers.popleft()
        if reader.go_on(ALONE_REQUESTS if self._is_lone else SHARED_REQUESTS):
            self._readers.append(reader)
        else:
            self._counts.waiting -= 1
        if self._readers:
            self._loop.call_soon(self._turn)
