"""Moments on pages, those of keys that an older command made for more than the calendar has included."""

from accounts.console.pages import day, moment

FAR = 100_001_795_795_428


def test_moments_are_days_and_minutes_of_utc() -> None:
    assert (moment(0), day(86_400)) == ("01 Jan 1970, 00:00 UTC", "02 Jan 1970")


def test_a_moment_after_the_last_year_of_a_calendar_is_shown_too() -> None:
    assert (moment(FAR), day(FAR)) == ("04 Oct 3170900, 01:50 UTC", "04 Oct 3170900")
