"""Months of a time zone as instants: what a bill is for, and the parts of it under different plans."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from fractions import Fraction
from zoneinfo import ZoneInfo

from accounts.billing.plan import Plan
from accounts.billing.rating import Part
from accounts.usage.calendar import month_start, next_month

SHORTEST_SECONDS = 14 * 86400
"""Time zones are 26 hours apart at the most, so what is left of a month after a move is far less, or far more."""


@dataclass(frozen=True, slots=True)
class Period:
    """What one invoice is for, from `start` to before `end`, in epoch seconds."""

    start: int
    end: int
    zone: str

    @property
    def label(self) -> str:
        """The month that it is, such as 2028-02; it may begin hours before, where the zone was another one."""
        return datetime.fromtimestamp((self.start + self.end) // 2, ZoneInfo(self.zone)).strftime("%Y-%m")


@dataclass(frozen=True, slots=True)
class Assignment:
    """A version of a plan that an account has from a moment on, in epoch seconds."""

    since: int
    plan: Plan


def month_of(at: int, zone: str) -> Period:
    """Return the month of a time zone that an instant lies in."""
    return Period(month_start(at // 60, ZoneInfo(zone)) * 60, _border_after(at, zone), zone)


def following(end: int, zone: str) -> Period:
    """Return the period that begins where the one before ended.

    It is a month, unless the account has moved to another time zone: then it ends with the month of the new one, and
    is up to 26 hours shorter or longer. Hours at the end of a month that is billed already are of the next one.
    """
    border = _border_after(end, zone)
    return Period(end, border if border - end >= SHORTEST_SECONDS else _border_after(border, zone), zone)


def nearest_border(at: int, zone: str) -> int:
    """Return where a month of a time zone begins that begins at an instant in another one."""
    month = month_of(at, zone)
    return month.start if at - month.start < SHORTEST_SECONDS else month.end


def until(period: Period, end: int | None) -> Period:
    """Return what of a period lies before `end`; None for all."""
    return period if end is None or period.end <= end else replace(period, end=end)


def _border_after(at: int, zone: str) -> int:
    return next_month(at // 60, ZoneInfo(zone)) * 60


def parts_of(
    period: Period, assignments: Sequence[Assignment], billed_from: int, billed_to: int | None = None
) -> list[Part]:
    """Return the parts of a period under each plan that an account had in it.

    Args:
        period: A month.
        assignments: In the order of time. The first one holds from the beginning, also before its time.
        billed_from: When the account came to be. Within its first month included units are not shortened for the days
            before, and the minimum is.
        billed_to: When the account was deleted, if it was. In that month too the minimum alone is shortened.
    """
    last = period.end if billed_to is None else min(period.end, billed_to)
    borders = [a.since for a in assignments[1:] if period.start < a.since < last]
    starts, ends = [period.start, *borders], [*borders, last]
    length, month = last - period.start, period.end - period.start
    result: list[Part] = []
    for start, end in zip(starts, ends, strict=True):
        plan = next((a.plan for a in reversed(assignments) if a.since <= start), assignments[0].plan)
        lived = max(end - max(start, billed_from), 0)
        result.append(Part(plan, start, end, Fraction(end - start, length), Fraction(min(lived, end - start), month)))
    return result


def currency_of(plans: Iterable[Plan]) -> str:
    """Return the currency of a month with these plans, one at least: that of those which charge something."""
    first, *others = plans
    return next((plan.currency for plan in (first, *others) if plan.charges), first.currency)


def iso(at: int) -> str:
    """Return an instant as text in UTC, such as 2028-02-29T23:00:00Z."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
