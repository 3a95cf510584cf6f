"""Buckets of requests, over a clock that is turned."""

from hypothesis import given
from hypothesis import strategies as st

from accounts.rest import rate_limits
from accounts.rest.rate_limits import Buckets
from tests.unit.clock import Clock


def test_a_minutes_worth_goes_at_once_and_then_evenly() -> None:
    clock = Clock()
    buckets = Buckets(60, clock)
    assert [buckets.take("ada").remaining for _ in range(62)] == [*range(59, -1, -1), -1, -1]
    clock.advance(1)
    assert [buckets.take("ada").remaining for _ in range(2)] == [0, -1]
    clock.advance(3600)
    assert buckets.take("ada").remaining == 59


def test_who_waits_as_told_is_served() -> None:
    clock = Clock()
    buckets = Buckets(7, clock)
    while (left := buckets.take("ada")).remaining >= 0:
        pass
    assert 1 <= left.wait_seconds <= left.reset_seconds <= 60
    clock.advance(left.wait_seconds)
    assert buckets.take("ada").remaining == 0


def test_one_does_not_use_up_what_is_anothers() -> None:
    buckets = Buckets(1, Clock())
    assert [buckets.take(name).remaining for name in ("ada", "ada", "bob")] == [0, -1, 0]


def test_a_crowd_is_remembered_within_bounds() -> None:
    buckets = Buckets(1, Clock())
    for number in range(rate_limits.MAX_KEYS + 10):
        buckets.take(str(number))
    assert len(buckets) == rate_limits.MAX_KEYS


@given(st.lists(st.floats(0, 30), max_size=200), st.integers(1, 20))
def test_no_minute_serves_more_than_two_minutes_worth(pauses: list[float], per_minute: int) -> None:
    clock = Clock()
    buckets = Buckets(per_minute, clock)
    served: list[float] = []
    for pause in pauses:
        clock.advance(pause)
        if buckets.take("ada").remaining >= 0:
            served.append(clock())
    for end in served:
        assert sum(end - 60 <= time <= end for time in served) <= 2 * per_minute + 1
