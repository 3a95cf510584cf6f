"""Months of a time zone: leap years, clocks that go forward and back, moves to another zone, and parts."""

import itertools
from datetime import datetime
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.billing.periods import Assignment, Period, following, iso, month_of, parts_of
from tests.unit.accounts.billing.plans import plan

HOUR, DAY = 3600, 86400

zones = st.sampled_from(
    [
        "UTC",
        "Europe/Vienna",
        "America/Santiago",
        "America/Asuncion",
        "Africa/Cairo",
        "Asia/Kathmandu",
        "Pacific/Apia",
        "Pacific/Kiritimati",
        "Pacific/Pago_Pago",
    ]
)
instants = st.integers(946_684_800, 2_208_988_800)


def at(text: str, zone: str = "UTC") -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp())


@pytest.mark.parametrize(
    ("inside", "zone", "hours"),
    [
        ("2028-02-29T23:59:59", "UTC", 29 * 24),
        ("2027-02-10T00:00:00", "UTC", 28 * 24),
        ("2026-03-15T12:00:00", "Europe/Vienna", 31 * 24 - 1),
        ("2026-10-25T02:30:00", "Europe/Vienna", 31 * 24 + 1),
        ("2026-12-31T23:59:59", "Asia/Kathmandu", 31 * 24),
    ],
)
def test_a_month_is_as_long_as_its_clocks_say(inside: str, zone: str, hours: int) -> None:
    month = month_of(at(inside, zone), zone)
    assert month.end - month.start == hours * HOUR
    assert month.start <= at(inside, zone) < month.end


def test_a_month_begins_at_its_midnight_in_its_zone() -> None:
    month = month_of(at("2026-07-01T03:59:59"), "America/New_York")
    assert (iso(month.start), iso(month.end)) == ("2026-06-01T04:00:00Z", "2026-07-01T04:00:00Z")
    assert month.label == "2026-06"


@given(instants, zones)
def test_months_follow_each_other_without_a_gap(instant: int, zone: str) -> None:
    month = month_of(instant, zone)
    assert month.start <= instant < month.end
    after = following(month.end, zone)
    assert after.start == month.end
    assert month_of(month.end, zone) == after
    assert month_of(month.end - 1, zone) == month
    assert 27 * DAY < after.end - after.start < 32 * DAY


@given(instants, zones, zones)
def test_a_move_to_another_zone_leaves_no_gap_and_no_sliver(instant: int, old: str, new: str) -> None:
    month = month_of(instant, old)
    after = following(month.end, new)
    assert after.start == month.end < after.end
    assert month_of(after.end, new).start == after.end
    assert 26 * DAY < after.end - after.start < 33 * DAY
    assert after.label == following(month.end, old).label != month.label


def test_hours_of_a_month_that_is_billed_already_are_of_the_next_one() -> None:
    january = month_of(at("2028-01-31T12:00:00"), "UTC")
    february = following(january.end, "America/New_York")
    assert (iso(february.start), iso(february.end)) == ("2028-02-01T00:00:00Z", "2028-03-01T05:00:00Z")
    assert (january.label, february.label) == ("2028-01", "2028-02")


def test_a_change_of_plan_makes_two_parts() -> None:
    june = Period(0, 30 * DAY, "UTC")
    old, new = plan(id="old"), plan(id="new")
    parts = parts_of(june, [Assignment(-DAY, old), Assignment(10 * DAY, new)], billed_from=-DAY)
    assert [(part.plan.id, part.start, part.end, part.share) for part in parts] == [
        ("old", 0, 10 * DAY, Fraction(1, 3)),
        ("new", 10 * DAY, 30 * DAY, Fraction(2, 3)),
    ]


def test_a_change_at_the_border_of_a_month_makes_one_part_of_each() -> None:
    june, july = Period(0, 30 * DAY, "UTC"), Period(30 * DAY, 61 * DAY, "UTC")
    held = [Assignment(0, plan(id="old")), Assignment(30 * DAY, plan(id="new"))]
    assert [part.plan.id for part in parts_of(june, held, 0)] == ["old"]
    assert [part.plan.id for part in parts_of(july, held, 0)] == ["new"]


def test_the_first_month_has_all_included_units_and_a_part_of_the_minimum() -> None:
    june = Period(0, 30 * DAY, "UTC")
    (part,) = parts_of(june, [Assignment(20 * DAY, plan())], billed_from=20 * DAY)
    assert (part.share, part.minimum_share) == (Fraction(1), Fraction(1, 3))


@given(st.lists(st.integers(-DAY, 40 * DAY), min_size=1, max_size=6, unique=True), st.integers(-DAY, 40 * DAY))
def test_parts_cover_the_month_once(changes: list[int], billed_from: int) -> None:
    june = Period(0, 30 * DAY, "UTC")
    parts = parts_of(june, [Assignment(since, plan()) for since in sorted(changes)], billed_from)
    assert (parts[0].start, parts[-1].end) == (june.start, june.end)
    assert all(one.end == other.start for one, other in itertools.pairwise(parts))
    assert sum(part.share for part in parts) == 1
    assert sum(part.minimum_share for part in parts) <= 1


def test_the_month_of_a_deletion_has_all_included_units_and_a_part_of_the_minimum() -> None:
    june, held = Period(0, 30 * DAY, "UTC"), [Assignment(0, plan(id="old")), Assignment(5 * DAY, plan(id="new"))]
    parts = parts_of(june, held, billed_from=-DAY, billed_to=10 * DAY)
    assert [(part.start, part.end, part.share, part.minimum_share) for part in parts] == [
        (0, 5 * DAY, Fraction(1, 2), Fraction(1, 6)),
        (5 * DAY, 10 * DAY, Fraction(1, 2), Fraction(1, 6)),
    ]
    (part,) = parts_of(june, held[:1], billed_from=-DAY, billed_to=31 * DAY)
    assert (part.end, part.minimum_share) == (june.end, 1)
