"""A service whose router counts nothing, as `unchecked` puts it together, for comparison alone.

The meters and the slots of what is under way do nothing, and no second of a subscription is counted. What stays is that
sizes are added up for each write, for which there is no switch.
"""

from typing import Final

from typing_extensions import override

from api.names import Topic
from cli.embedded import Embedded
from cli.settings import EmbeddedSettings
from router.meters.flights import Flight, Flights
from router.meters.meters import MEMORY_BYTES, Meter, Meters
from router.meters.seats import Seats
from router.meters.window import Key, Row, Window

_NOTHING: Final[Key] = ("", "", "", "")


class _NoMeter(Meter):
    def __init__(self, meters: Meters, row: Row) -> None:
        super().__init__(meters, _NOTHING)
        self._nowhere = row

    @override
    def ready(self) -> Row:
        return self._nowhere

    @override
    def add(self, first: int, second: int = 0, third: int = 0) -> None:
        pass

    @override
    def raise_to(self, peak: int) -> None:
        pass


class _NoMeters(Meters):
    @override
    def meter(self, account: str, cache: str, meter: str, principal: str) -> Meter:
        return _NoMeter(self, self.row(_NOTHING))


class _NoFlight(Flight):
    @override
    def begin(self, packed: int) -> None:
        pass

    @override
    def landed(self, messages: int, size: int, operations: int) -> None:
        pass


class _NoFlights(Flights):
    @override
    def board(self, meter: Meter) -> Flight:
        return _NoFlight(meter, [0], 0)


class _NoSeats(Seats):
    @override
    def taken(self, topic: Topic, principal: str) -> None:
        pass

    @override
    def left(self, topic: Topic, principal: str) -> None:
        pass


def _memory(_: int) -> bytearray:
    return bytearray(MEMORY_BYTES)


def compose() -> Embedded:
    """Put the parts together, with meters that do nothing."""
    meters = _NoMeters(lambda number, minute: Window(bytearray(MEMORY_BYTES), number, minute))
    seats = _NoSeats(meters, _NoFlights(_memory))
    return Embedded.compose(EmbeddedSettings.from_environment(), seats)
