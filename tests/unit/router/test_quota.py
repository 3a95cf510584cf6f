from hypothesis import given
from hypothesis import strategies as st

from api.burst import burst
from router.quota import Bucket
from tests.unit.clock import Clock

RATES = st.integers(1, 10_000)
STEPS = st.lists(st.tuples(st.floats(0, 3), st.integers(0, 2000)), max_size=100)


def test_at_once_a_quarter_of_a_second_is_granted() -> None:
    bucket = Bucket(100, now=0.0)
    assert [bucket.take(1, 0.0) for _ in range(26)] == [True] * 25 + [False]


def test_of_a_small_limit_five_are_granted_at_once() -> None:
    assert [burst(limit) for limit in (0, 1, 3, 5, 20, 21, 1000)] == [0, 1, 3, 5, 5, 5.25, 250]


def test_what_was_used_comes_back_with_time() -> None:
    bucket = Bucket(10, now=0.0)
    bucket.take(5, 0.0)
    assert not bucket.take(1, 0.05)
    assert bucket.take(1, 0.15)
    assert [bucket.take(1, 60.0) for _ in range(6)] == [True] * 5 + [False]


def test_a_refusal_costs_nothing() -> None:
    bucket = Bucket(10, now=0.0)
    bucket.take(4, 0.0)
    for _ in range(100):
        assert not bucket.take(2, 0.0)
    assert bucket.take(1, 0.0)


def test_more_than_it_holds_is_granted_when_it_is_full_and_paid_off_later() -> None:
    bucket = Bucket(10, now=0.0)
    assert bucket.take(25, 0.0)
    assert not bucket.take(1, 2.0)
    assert bucket.take(1, 2.1)
    assert not bucket.take(30, 2.4)


def test_what_is_given_back_can_be_taken_again() -> None:
    bucket = Bucket(4, now=0.0)
    assert bucket.take(4, 0.0)
    bucket.give_back(4)
    assert bucket.take(4, 0.0)
    assert (bucket.asked, bucket.taken) == (8, 4)


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
    assert [bucket.take(1, 0.0) for _ in range(6)] == [True] * 5 + [False]
    bucket.change(1000)
    assert not bucket.take(1, 0.0)
    assert repr(bucket) == "<Bucket 0 left, 1000 of 1000 a second>"


def test_it_goes_by_what_the_fleet_has_left_less_what_was_taken_meanwhile() -> None:
    bucket = Bucket(100, now=0.0)
    assert [bucket.take(1, 0.0) for _ in range(20)] == [True] * 20
    assert bucket.told(0.1) == 20
    assert bucket.demand == 200
    assert bucket.take(4, 0.1)
    bucket.heard(others=0.0, level=5.0, routers=3, now=0.1)
    assert bucket.rate == 100
    assert [bucket.take(1, 0.1) for _ in range(2)] == [True, False]


def test_what_nobody_heard_of_is_told_again() -> None:
    bucket = Bucket(90, now=0.0)
    bucket.take(3, 0.0)
    taken = bucket.told(0.1)
    bucket.take(2, 0.1)
    bucket.unheard(taken, routers=3)
    assert bucket.told(0.1) == 5


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
            allowed = rate * (clock() - start) + burst(rate)
            assert granted <= allowed * (1 + 1e-9) or before <= allowed - min(amount, burst(rate)) + 1e-6


@given(RATES, st.lists(st.floats(0, 3), max_size=100))
def test_whoever_stays_below_the_rate_is_never_refused(rate: int, pauses: list[float]) -> None:
    clock = Clock()
    bucket = Bucket(rate, clock())
    for seconds in pauses:
        clock.advance(seconds)
        assert bucket.take(int(min(seconds, 0.25) * rate * 0.999), clock())


@given(RATES, STEPS)
def test_a_request_is_granted_exactly_when_the_bucket_holds_enough(rate: int, steps: list[tuple[float, int]]) -> None:
    most = burst(rate)
    clock, level = Clock(), most
    bucket = Bucket(rate, clock())
    for seconds, amount in steps:
        before = clock()
        clock.advance(seconds)
        level = min(level + (clock() - before) * rate, most)
        granted = level >= min(amount, most)
        assert bucket.take(amount, clock()) is granted
        level -= amount if granted else 0
