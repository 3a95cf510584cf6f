"""Open subscriptions: the seconds that they are open, and how many are open at a time."""

import time
from collections.abc import Callable

from typing_extensions import override

from api.names import Topic
from api.usage import CONCURRENCY, SUBSCRIPTION
from router.meters.flights import Flight, Flights
from router.meters.meters import MEMORY_BYTES, Meter, Meters


class _Counted:
    """So many subscriptions are open that are counted together."""

    __slots__ = ("meter", "open")

    def __init__(self, meter: Meter) -> None:
        self.meter = meter
        self.open = 0


class Seats:
    """Counts a second for each subscription that is open when it ends, and the most that were open at a time.

    Attributes:
        meters: What it counts with.
        flights: The writes to them that are under way.
        have_changed: Whether one was opened or closed since the window began.
    """

    def __init__(
        self, meters: Meters, flights: Flights | None = None, now: Callable[[], float] = time.monotonic
    ) -> None:
        """Without `flights` those are kept in memory that ends with the process."""
        self.meters = meters
        self.flights = flights or Flights(lambda _: bytearray(MEMORY_BYTES))
        self.have_changed = False
        self._now = now
        self._counted_to = now()
        self._seats: dict[tuple[str, str, str], _Counted] = {}
        self._peaks: dict[tuple[str, str], _Counted] = {}

    def __repr__(self) -> str:
        return f"<Seats {sum(seats.open for seats in self._seats.values())} open>"

    def taken(self, topic: Topic, principal: str) -> None:
        """Count a subscription from now on.

        Raises:
            UsageNotRecorded: there is no room to record it.
        """
        seats = self._seats.get((topic.account, topic.cache, principal))
        if seats is None:
            meter = self.meters.meter(topic.account, topic.cache, SUBSCRIPTION, principal)
            meter.ready()
            seats = self._seats[topic.account, topic.cache, principal] = _Counted(meter)
        self.have_changed = True
        seats.open += 1
        for cache in (topic.cache, ""):
            peaks = self._peaks.get((topic.account, cache))
            if peaks is None:
                meter = self.meters.meter(topic.account, cache, CONCURRENCY, "")
                peaks = self._peaks[topic.account, cache] = _Counted(meter)
            peaks.open += 1
            peaks.meter.raise_to(peaks.open)

    def left(self, topic: Topic, principal: str) -> None:
        """Count a subscription no more."""
        self.have_changed = True
        key = (topic.account, topic.cache, principal)
        self._seats[key].open -= 1
        if not self._seats[key].open:
            del self._seats[key]
        for cache in (topic.cache, ""):
            peaks = self._peaks[topic.account, cache]
            peaks.open -= 1
            if not peaks.open:
                del self._peaks[topic.account, cache]

    def board(self, meter: Meter) -> Flight:
        """Return what a subscription's deliveries are counted with, by this meter."""
        return self.flights.board(meter)

    def tick(self) -> None:
        """Count the whole seconds that have passed."""
        seconds = int(self._now() - self._counted_to)
        self._counted_to += seconds
        if seconds > 0:
            for seats in self._seats.values():
                seats.meter.add(seats.open * seconds)

    def begin(self) -> None:
        """Note in a window that has just begun how many are open from its beginning."""
        self.have_changed = False
        for peaks in self._peaks.values():
            peaks.meter.raise_to(peaks.open)


class Unbilled(Seats):
    """Counts what nobody is billed for in one place, which nobody looks at."""

    @override
    def taken(self, topic: Topic, principal: str) -> None:
        """Count nothing."""

    @override
    def left(self, topic: Topic, principal: str) -> None:
        """Count nothing."""

    @override
    def board(self, meter: Meter) -> Flight:
        """Return what counts for nobody."""
        return self.flights.board(self.meters.meter("", "", "unbilled", ""))
