"""Which stretch of time one scheduled export is for, and what its file is called. Values in, values out."""

from datetime import timedelta
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from accounts.usage.calendar import local, midnight, month_start, next_month

Every = Literal["day", "month"]

SETTLE_SECONDS = 3600
"""How long after its end a time is exported: what is on its way has come by then."""


class Span(NamedTuple):
    """What one export is of, in minutes of the epoch, and the name of that day or month."""

    start: int
    end: int
    label: str


def begins(every: str, minute: int, zone: ZoneInfo) -> int:
    """Return when the day or month began that a minute lies in."""
    return month_start(minute, zone) if every == "month" else midnight(local(minute, zone).date(), zone)


def ends(every: str, start: int, zone: ZoneInfo) -> int:
    """Return when the day or month ends that begins at a minute."""
    if every == "month":
        return next_month(start, zone)
    return midnight(local(start, zone).date() + timedelta(days=1), zone)


def label(every: str, start: int, zone: ZoneInfo) -> str:
    """Return the name of the day or month, such as 2028-02-29 or 2028-02."""
    return local(start, zone).strftime("%Y-%m" if every == "month" else "%Y-%m-%d")
