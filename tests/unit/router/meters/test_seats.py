import pytest

from api.names import Topic
from api.usage import CONCURRENCY, SUBSCRIPTION
from router.meters.meters import Meters
from router.meters.seats import Seats
from router.meters.window import read
from tests.unit.clock import Clock

CHAT, NEWS = Topic("acme", "chat", "a"), Topic("acme", "news", "b")


class Hall:
    """Seats on a clock."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.meters = Meters.in_memory()
        self.seats = Seats(self.meters, now=self.clock)

    def passes(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.seats.tick()

    @property
    def counted(self) -> dict[tuple[str, str, str], int]:
        found = read(bytearray(self.meters.window.memory)).lines
        return {(line.meter, line.cache, line.principal): line.seconds + line.peak for line in found}


@pytest.fixture
def hall() -> Hall:
    return Hall()


def test_each_second_at_whose_end_a_subscription_is_open_counts(hall: Hall) -> None:
    hall.seats.taken(CHAT, "token:ada")
    hall.passes(1.0)
    hall.seats.taken(CHAT, "token:bob")
    hall.seats.taken(CHAT, "token:ada")
    hall.passes(2.0)
    hall.seats.left(CHAT, "token:ada")
    hall.passes(1.0)
    assert hall.counted[SUBSCRIPTION, "chat", "token:ada"] == 1 + 2 * 2 + 1
    assert hall.counted[SUBSCRIPTION, "chat", "token:bob"] == 3


def test_parts_of_seconds_add_up(hall: Hall) -> None:
    hall.seats.taken(CHAT, "")
    for _ in range(100):
        hall.passes(0.375)
    assert hall.counted[SUBSCRIPTION, "chat", ""] == 37


def test_the_most_at_a_time_count_for_the_cache_and_for_the_account(hall: Hall) -> None:
    hall.seats.taken(CHAT, "token:ada")
    hall.seats.taken(NEWS, "token:ada")
    hall.seats.taken(CHAT, "token:bob")
    hall.seats.left(CHAT, "token:bob")
    hall.seats.left(CHAT, "token:ada")
    hall.seats.taken(CHAT, "token:ada")
    assert hall.counted == {
        (CONCURRENCY, "chat", ""): 2,
        (CONCURRENCY, "news", ""): 1,
        (CONCURRENCY, "", ""): 3,
    }


def test_a_window_that_begins_knows_how_many_are_open_already(hall: Hall) -> None:
    hall.seats.taken(CHAT, "")
    hall.seats.taken(CHAT, "")
    hall.meters.turn()
    assert hall.counted == {}
    hall.seats.begin()
    assert hall.counted == {(CONCURRENCY, "chat", ""): 2, (CONCURRENCY, "", ""): 2}


def test_nothing_is_kept_of_those_who_left(hall: Hall) -> None:
    hall.seats.taken(CHAT, "token:ada")
    hall.seats.left(CHAT, "token:ada")
    hall.meters.turn()
    hall.seats.begin()
    hall.passes(5)
    assert hall.counted == {}
    assert repr(hall.seats) == "<Seats 0 open>"
