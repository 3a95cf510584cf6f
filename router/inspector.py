"""What happens in a cache, told live to whoever looks. While nobody does, nothing of it is built or kept."""

import asyncio
import json
from collections import deque
from typing import NamedTuple

from api.errors import TooManyRequests

MOST_WAITING = 500
"""So many events wait for one inspector; those that come when there are as many are left out, and counted."""

MOST_INSPECTORS = 10
"""Of one cache on one router: they are not counted as subscriptions."""


class Event(NamedTuple):
    """Something that happened: what kind of thing, and all that is told of it, as one JSON object."""

    kind: str
    data: str


def event(kind: str, **facts: object) -> Event:
    """Return an event; its JSON names the kind as `type`."""
    return Event(kind, json.dumps({"type": kind, **facts}, separators=(",", ":")))


class Inspector:
    """The events that wait for one who looks."""

    def __init__(self) -> None:
        self._events: deque[Event] = deque()
        self._left_out = 0
        self._more = asyncio.Event()

    def __repr__(self) -> str:
        return f"<Inspector {len(self._events)} waiting, {self._left_out} left out>"

    def put(self, happened: Event) -> None:
        """Let one more event wait, or count it where too many do."""
        if len(self._events) < MOST_WAITING:
            self._events.append(happened)
        else:
            self._left_out += 1
        self._more.set()

    def wake(self) -> None:
        """Have `take` return, with what there is."""
        self._more.set()

    async def take(self, seconds: float) -> list[Event]:
        """Return what waits, or what comes first, or nothing where nothing comes within `seconds`.

        Where some were left out, the last event is `left_out`, with their number.
        """
        try:
            async with asyncio.timeout(seconds):
                await self._more.wait()
        except TimeoutError:
            return []
        self._more.clear()
        taken = list(self._events)
        self._events.clear()
        if self._left_out:
            taken.append(event("left_out", events=self._left_out))
            self._left_out = 0
        return taken


class Inspectors:
    """Those who look at one cache."""

    def __init__(self) -> None:
        self._all: set[Inspector] = set()

    def __len__(self) -> int:
        return len(self._all)

    def add(self) -> Inspector:
        """Return one more.

        Raises:
            TooManyRequests: there are as many as there may be.
        """
        if len(self._all) >= MOST_INSPECTORS:
            raise TooManyRequests(f"{MOST_INSPECTORS} inspectors look at this cache already; close one of them")
        inspector = Inspector()
        self._all.add(inspector)
        return inspector

    def discard(self, inspector: Inspector) -> None:
        """Tell it nothing more."""
        self._all.discard(inspector)

    def put(self, happened: Event) -> None:
        """Tell each of them."""
        for inspector in self._all:
            inspector.put(happened)

    def wake(self) -> None:
        """Wake each of them."""
        for inspector in self._all:
            inspector.wake()
