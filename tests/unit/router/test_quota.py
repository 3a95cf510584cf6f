from hypothesis import given
from hypothesis import strategies as st

from router.quota import Bucket
from tests.unit.clock import Clock

RATES = st.integers(1, 10_000)
STEPS = st.lists(st.tuples(st.floats(0, 3), st.integers(0, 2000)), max_size=100)


def test_a_burst_of_one_seconds_worth_is_granted() -> None:
    bucket = Bucket(10, now=0.0)
    assert [bucket.take(1, 0.0) for _ in range(11)] == [True] * 10 + [False]


def test_what_was_used_comes_back_with_time() -> None:
    bucket = Bucket(10, now=0.0)
    bucket.take(10, 0.0)
    assert not bucket.take(1, 0.05)
    assert bucket.take(1, 0.15)
    assert [bucket.take(1, 60.0) for _ in range(11)] == [True] * 10 + [False]


def test_a_refusal_costs_nothing() -> None:
    bucket = Bucket(10, now=0.0)
    bucket.take(9, 0.0)
    for _ in range(100):
        assert not bucket.take(2, 0.0)
    assert bucket.take(1, 0.0)


def test_more_than_it_holds_is_granted_when_it_is_full_and_paid_off_later() -> None:
    bucket = Bucket(10, now=0.0)
    assert bucket.take(30, 0.0)
    assert not bucket.take(1, 2.0)
    assert bucket.take(1, 2.1)
    assert not bucket.take(30, 2.5)


def test_a_rate_of_zero_grants_nothing() -> None:
    bucket = Bucket(0, now=0.0)
    assert [bucket.take(1, float(second)) for second in range(3)] == [False] * 3
    bucket.change(5)
    assert bucket.take(1, 3.0)
    bucket.change(0)
    assert not bucket.take(1, 4.0)


def test_a_lower_rate_holds_from_now_on_and_a_higher_one_is_no_gift() -> None:
    bucket = Bucket(100, now=0.0)
    bucket.change(10)
    assert [bucket.take(1, 0.0) for _ in range(11)] == [True] * 10 + [False]
    bucket.change(1000)
    assert not bucket.take(1, 0.0)
    assert repr(bucket) == "<Bucket 0 of 1000 a second>"


@given(RATES, STEPS)
def test_never_more_than_the_rate_and_one_burst_is_granted(rate: int, steps: list[tuple[float, int]]) -> None:
    clock, granted = Clock(), 0
    bucket = Bucket(rate, clock())
    start = clock()
    for seconds, amount in steps:
        clock.advance(seconds)
        before = granted
        if bucket.take(amount, clock()):
            granted += amount
            allowed = rate * (clock() - start) + rate
            assert granted <= allowed * (1 + 1e-9) or before <= allowed - min(amount, rate)


@given(RATES, st.lists(st.floats(0, 3), max_size=100))
def test_whoever_stays_below_the_rate_is_never_refused(rate: int, pauses: list[float]) -> None:
    clock = Clock()
    bucket = Bucket(rate, clock())
    for seconds in pauses:
        clock.advance(seconds)
        assert bucket.take(int(min(seconds, 1.0) * rate * 0.999), clock())


@given(RATES, STEPS)
def test_a_request_is_granted_exactly_when_the_bucket_holds_enough(rate: int, steps: list[tuple[float, int]]) -> None:
    clock, level = Clock(), float(rate)
    bucket = Bucket(rate, clock())
    for seconds, amount in steps:
        before = clock()
        clock.advance(seconds)
        level = min(level + (clock() - before) * rate, float(rate))
        granted = level >= min(amount, rate)
        assert bucket.take(amount, clock()) is granted
        level -= amount if granted else 0
