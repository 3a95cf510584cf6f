"""Who is told of a limit, and how often."""

from hypothesis import given
from hypothesis import strategies as st

from accounts.limits.alarm import AGAIN_SECONDS, CALM_SECONDS, Alarm, judged

NOW = 1_700_000_000


def marks(*percents: float, every: int = 10) -> list[int]:
    """Return what owners are told as the use goes through these."""
    alarm, told = Alarm(), list[int]()
    for turn, percent in enumerate(percents):
        alarm, mark = judged(alarm, percent, NOW + turn * every)
        told.append(mark)
    return told


def test_owners_are_told_at_80_and_at_100_percent() -> None:
    assert marks(79.9, 80, 85, 99.9, 100, 250) == [0, 80, 0, 0, 100, 0]


def test_a_leap_to_100_percent_is_told_once() -> None:
    assert marks(10, 100, 85, 100) == [0, 100, 0, 0]


def test_a_use_that_swings_about_a_mark_is_told_once() -> None:
    assert sum(marks(*[79, 81] * 500)) == 80


def test_after_an_hour_of_calm_it_begins_anew_but_is_told_once_a_day_at_most() -> None:
    hour_of_calm = [50] * 2
    assert marks(90, *hour_of_calm, 90, every=CALM_SECONDS) == [80, 0, 0, 0]
    assert marks(90, *hour_of_calm, 90, every=AGAIN_SECONDS) == [80, 0, 0, 80]


def test_what_is_long_over_is_forgotten() -> None:
    alarm, _ = judged(Alarm(), 100, NOW)
    alarm, _ = judged(alarm, 0, NOW + 1)
    assert not alarm.is_nothing
    alarm, _ = judged(alarm, 0, NOW + AGAIN_SECONDS)
    assert alarm.is_nothing


@given(st.lists(st.floats(0, 200), max_size=300), st.integers(1, 20_000))
def test_nobody_is_told_the_same_twice_a_day(percents: list[float], every: int) -> None:
    alarm, told = Alarm(), dict[int, int]()
    for turn, percent in enumerate(percents):
        now = NOW + turn * every
        alarm, mark = judged(alarm, percent, now)
        if mark:
            assert percent >= mark
            assert now - told.get(mark, 0) >= AGAIN_SECONDS
            told[mark] = now
