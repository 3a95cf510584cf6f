"""`tidings up` whose router counts all that it does `TIMES` times: `tidings up --app bench.systems.overmetered:app`.

What counting costs is less than what a machine differs from itself; so many times that is more. Each call is made again
in full, with what it looks up and writes. The bills of such a service are wrong, it is for comparison alone.
"""

from typing import Final

from typing_extensions import override

from cli.application import Application
from cli.embedded import Embedded
from cli.settings import EmbeddedSettings
from router.meters.flights import Flight, Flights
from router.meters.meters import MEMORY_BYTES, Meter, Meters
from router.meters.seats import Seats
from router.meters.window import Row

TIMES: Final = 21
_MORE: Final = range(TIMES - 1)


class _Meter(Meter):
    @override
    def ready(self) -> Row:
        for _ in _MORE:
            super().ready()
        return super().ready()

    @override
    def add(self, first: int, second: int = 0, third: int = 0) -> None:
        for _ in _MORE:
            super().add(first, second, third)
        super().add(first, second, third)


class _Meters(Meters):
    @override
    def meter(self, account: str, cache: str, meter: str, principal: str) -> Meter:
        return _Meter(self, (account, cache, meter, principal))


class _Flight(Flight):
    @override
    def begin(self, packed: int) -> None:
        for _ in _MORE:
            super().begin(packed)
        super().begin(packed)

    @override
    def landed(self, messages: int, size: int, operations: int) -> None:
        for _ in _MORE:
            self._words[self._at] = 0
        super().landed(messages, size, operations)  # its meter counts so many times


class _Flights(Flights):
    @override
    def board(self, meter: Meter) -> Flight:
        base = super().board(meter)
        return _Flight(meter, base._words, base._at)  # noqa: SLF001 - of the class that it extends


def compose() -> Embedded:
    """Put the parts together, with meters that count many times, in memory."""
    meters = _Meters.in_memory()
    return Embedded.compose(
        EmbeddedSettings.from_environment(), Seats(meters, _Flights(lambda _: bytearray(MEMORY_BYTES)))
    )


app = Application(compose)
