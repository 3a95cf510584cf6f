import pytest

from api.errors import UsageNotRecorded
from api.usage import PUBLISH, Line
from router.meters.meters import Meters
from router.meters.window import Window, read
from tests.unit.clock import Clock


class Disk:
    """Room for so many windows of a size."""

    def __init__(self, windows: int, window_bytes: int = 4096) -> None:
        self.windows = windows
        self.window_bytes = window_bytes

    def open(self, number: int, minute: int) -> Window:
        if not self.windows:
            raise OSError(28, "No space left on device")
        self.windows -= 1
        return Window(bytearray(self.window_bytes), number, minute)


def lines(meters: Meters) -> list[tuple[int, int, Line]]:
    contents = [read(bytearray(window.memory)) for window in (*meters.ended, meters.window)]
    return [(each.number, each.minute, line) for each in contents for line in each.lines]


def published(messages: int, account: str = "acme") -> Line:
    return Line(account, "cache", PUBLISH, "", messages, 10 * messages, messages)


def test_a_meter_counts_into_the_window_of_the_moment() -> None:
    clock = Clock(60_000.0)
    meters = Meters(Disk(9).open, clock)
    meter = meters.meter("acme", "cache", PUBLISH, "")
    meter.add(1, 10, 1)
    clock.advance(seconds=60)
    meters.turn()
    meter.add(2, 20, 2)
    meters.meter("acme", "cache", PUBLISH, "").add(1, 10, 1)
    assert lines(meters) == [(1, 1000, published(1)), (2, 1001, published(3))]


def test_a_window_in_which_nothing_was_counted_goes_on_with_the_present_minute() -> None:
    clock = Clock(60_000.0)
    meters = Meters(Disk(1).open, clock)
    meter = meters.meter("acme", "cache", PUBLISH, "")
    meter.ready()
    clock.advance(seconds=120)
    meters.turn()
    meter.add(1, 10, 1)
    assert lines(meters) == [(1, 1002, published(1))]


def test_a_full_window_is_followed_by_another_at_once() -> None:
    meters = Meters(Disk(9, window_bytes=512).open, Clock(60_000.0))
    accounts = [f"account-{number}" for number in range(10)]
    for account in accounts:
        meters.meter(account, "cache", PUBLISH, "").add(1, 10, 1)
    assert [line for _, _, line in lines(meters)] == [published(1, account) for account in accounts]
    assert len(meters.ended) > 1


def test_without_room_on_the_disk_counting_goes_on_in_the_same_window() -> None:
    clock = Clock(60_000.0)
    meters = Meters(Disk(1).open, clock)
    meter = meters.meter("acme", "cache", PUBLISH, "")
    meter.add(1, 10, 1)
    clock.advance(seconds=60)
    with pytest.raises(OSError, match="No space left"):
        meters.turn()
    meter.add(1, 10, 1)
    assert lines(meters) == [(1, 1000, published(2))]


def test_without_any_room_nothing_new_is_served_and_what_was_done_is_counted_later() -> None:
    disk = Disk(1, window_bytes=384)
    meters = Meters(disk.open, Clock(60_000.0))
    meters.meter("acme", "cache", PUBLISH, "").add(1, 10, 1)
    meters.meter("bolt", "cache", PUBLISH, "").add(1, 10, 1)
    late = meters.meter("late", "cache", PUBLISH, "")
    with pytest.raises(UsageNotRecorded):
        late.ready()
    late.add(1, 10, 1)
    late.add(1, 10, 1)
    disk.windows = 2
    meters.turn()
    assert [line for _, _, line in lines(meters)] == [published(1), published(1, "bolt"), published(2, "late")]
