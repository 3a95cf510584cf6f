"""Local time in minutes of the epoch: where the months and days of a time zone begin. Values in, values out."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from accounts.usage.levels import DAY
from api.errors import InvalidArgument


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def zone(name: str) -> ZoneInfo:
    """Return the time zone of this name.

    Raises:
        InvalidArgument: there is none.
    """
    if name not in _zones():
        raise InvalidArgument(f"'{name}' is not a time zone; send a name such as UTC or Europe/Vienna")
    return ZoneInfo(name)


def local(minute: int, zone: ZoneInfo) -> datetime:
    """Return a minute as local time."""
    return datetime.fromtimestamp(minute * 60, zone)


def offset(minute: int, zone: ZoneInfo) -> int:
    """Return how many minutes local time is ahead of UTC."""
    ahead = local(minute, zone).utcoffset() or timedelta()
    return int(ahead.total_seconds() // 60)


def midnight(day: date, zone: ZoneInfo) -> int:
    """Return the minute in which a local day begins; where the clock skips midnight, the first minute there is."""
    return int(datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC).timestamp() // 60)


def month_start(minute: int, zone: ZoneInfo) -> int:
    """Return when the local month began that a minute lies in."""
    return midnight(local(minute, zone).date().replace(day=1), zone)


def next_month(minute: int, zone: ZoneInfo) -> int:
    """Return when the local month begins that follows the one of a minute."""
    first = local(minute, zone).date().replace(day=1)
    return midnight((first + timedelta(days=31)).replace(day=1), zone)


def months(start: int, end: int, zone: ZoneInfo) -> Iterator[tuple[int, int]]:
    """Cut a time at the borders of local months."""
    while start < end:
        border = min(next_month(start, zone), end)
        yield start, border
        start = border


def stretches(start: int, end: int, zone: ZoneInfo) -> Iterator[tuple[int, int, int]]:
    """Cut a time where the clocks change: (start, end, minutes ahead of UTC) of each piece."""
    while start < end:
        ahead = offset(start, zone)
        border = start
        while border < end and offset(border, zone) == ahead:
            border = min(border + DAY, end)
        if offset(border, zone) != ahead and border > start:
            border = _change(max(start, border - DAY), border, zone)
        yield start, border, ahead
        start = border


def _change(before: int, after: int, zone: ZoneInfo) -> int:
    """Return the first minute that has another offset than `before`, where `after` has another one."""
    ahead = offset(before, zone)
    while after - before > 1:
        middle = (before + after) // 2
        before, after = (middle, after) if offset(middle, zone) == ahead else (before, middle)
    return after
