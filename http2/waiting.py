"""Whose turn it is to be read, of connections that have asked for more than is read of one at a time."""

import asyncio
from collections import OrderedDict
from itertools import islice
from typing import Final, Protocol

from http2.counts import Counts

ALONE_REQUESTS: Final = 96
"""At a time, of a connection that alone asks for anything: what is answered together is written together."""

CALM_REQUESTS: Final = 32
"""At once, of a connection that does not wait; who has no more under way never does."""

SHARED_REQUESTS: Final = 8
"""In its turn, of a connection that waits, where others ask too: in each of the turns of a call they wait for these."""

ALONE_SECONDS: Final = 1.0
"""So long no other connection has asked for anything before one counts as alone."""


class Reader(Protocol):
    """A connection that has more to ask."""

    def go_on(self, requests: int) -> bool:
        """Read so many requests more; return whether there is a rest, which one that has ended has not."""
        ...


class Waiting:
    """Connections with requests that have come and are not read yet.

    In a turn of the loop one of them is read, or as many as have no more requests than were read of those that do not
    wait: who asks for little is heard in each turn, and is behind a part of what one of the others asks for. A part of
    each in each turn took four to five times as long, and fewer requests were served, since each write carried fewer
    answers.
    """

    def __init__(self, counts: Counts) -> None:
        """Tell in `counts` how many there are."""
        self._counts = counts
        self._loop = asyncio.get_running_loop()
        self._readers: OrderedDict[Reader, None] = OrderedDict()
        self._is_due = False
        self._of_others = 0
        self._asked_last: Reader | None = None
        self._asked_at = -ALONE_SECONDS
        self._alone_at = 0.0

    def __repr__(self) -> str:
        return f"<Waiting {len(self._readers)}>"

    def requests(self, reader: Reader) -> int:
        """Return how many requests are read of a connection that does not wait."""
        return ALONE_REQUESTS if self._is_alone(reader) else CALM_REQUESTS

    def asked(self, reader: Reader, requests: int) -> None:
        """Take note that so many requests were read of a connection, after `add` where it has come to wait."""
        if reader not in self._readers:
            self._of_others += requests
        self._asked_at = self._loop.time()
        if reader is not self._asked_last:
            self._asked_last = reader
            self._alone_at = self._asked_at + ALONE_SECONDS

    def add(self, reader: Reader) -> None:
        """Have one go on when its turn has come."""
        if not self._readers:
            self._of_others = 0
        self._readers[reader] = None
        self._tell()

    def forget(self, reader: Reader) -> None:
        """Take note that a connection has ended, whether or not it waits."""
        if reader is self._asked_last:
            self._asked_last = None
        self._readers.pop(reader, None)
        self._tell()

    def _is_alone(self, reader: Reader) -> bool:
        since = self._alone_at if reader is self._asked_last else self._asked_at + ALONE_SECONDS
        return len(self._readers) <= (reader in self._readers) and self._loop.time() >= since

    def _turn(self) -> None:
        self._is_due = False
        slices = max(-(-min(self._of_others, ALONE_REQUESTS) // SHARED_REQUESTS), 1)
        self._of_others = 0
        try:
            for reader in list(islice(self._readers, slices)):
                self._go_on(reader)
        finally:  # whatever becomes of one, the others have their turns
            self._tell()

    def _go_on(self, reader: Reader) -> None:
        has_rest = False
        try:
            has_rest = reader.go_on(ALONE_REQUESTS if self._is_alone(reader) else SHARED_REQUESTS)
        finally:
            self._readers.pop(reader, None)
            if has_rest:
                self._readers[reader] = None

    def _tell(self) -> None:
        self._counts.waiting = len(self._readers)
        if self._readers and not self._is_due:
            self._is_due = True
            self._loop.call_soon(self._turn)
