"""SQL for exports, a page at a time: no page needs more than an index and a bounded number of rows."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from accounts.batches.models import UsageBatch
from accounts.batches.repository import BatchKey
from accounts.usage.models import ALL, Sums, UsageDay, UsageHour, UsageMinute, UsageSeries
from api.usage import CONCURRENCY

TABLES: Mapping[str, tuple[type[Sums], int]] = {
    "minute": (UsageMinute, 1),
    "hour": (UsageHour, 60),
    "day": (UsageDay, 1440),
}
"""By granularity: where the sums are, and how many minutes each is for."""

SumKey = tuple[int, int]
"""The id of a series, and the minute in which a sum of it begins."""


class SeriesSum(NamedTuple):
    """What one series has used in the step that begins at `minute`."""

    series_id: int
    minute: int
    account_id: str
    cache_id: str
    cache_name: str
    meter: str
    principal: str
    messages: int
    bytes: int
    operations: int
    seconds: int


async def series_ids(session: AsyncSession, account_id: str) -> Sequence[int]:
    """Return the ids of what is kept of an account by principal, in their order. There may be hundreds of thousands."""
    return (await session.scalars(select(UsageSeries.id).where(*_of(account_id)).order_by(UsageSeries.id))).all()


async def has_series(session: AsyncSession, account_id: str) -> bool:
    """Return whether any numbers are kept of an account."""
    return await session.scalar(select(UsageSeries.id).where(*_of(account_id)).limit(1)) is not None


async def sums(
    session: AsyncSession, granularity: str, ids: Sequence[int], start: int, end: int, after: SumKey | None, most: int
) -> Sequence[SeriesSum]:
    """Return the sums of some series, given in order, from minute `start` to before `end`, by series and time.

    What comes before `after` is not looked at again, so all pages together read each sum once.
    """
    if after is None:
        return await _sums(session, granularity, ids, start, end, most)
    series_id, minute = after
    found = await _sums(session, granularity, [series_id], minute + 1, end, most)
    others = ids[bisect_right(ids, series_id) :]
    if others and len(found) < most:
        found += await _sums(session, granularity, others, start, end, most - len(found))
    return found


async def batches(
    session: AsyncSession, start: int, end: int, after: BatchKey | None, most: int
) -> Sequence[UsageBatch]:
    """Return batches from minute `start` to before `end`, in the order of minute, router, boot and number."""
    key = (UsageBatch.minute, UsageBatch.router, UsageBatch.boot, UsageBatch.number)
    found = select(UsageBatch).where(UsageBatch.minute >= (start if after is None else after[0]))
    found = found.where(UsageBatch.minute < end)
    if after is not None:
        found = found.where(tuple_(*key) > after)
    return (await session.scalars(found.order_by(*key).limit(most))).all()


async def _sums(
    session: AsyncSession, granularity: str, ids: Sequence[int], start: int, end: int, most: int
) -> list[SeriesSum]:
    table: Any = TABLES[granularity][0]
    of, key = UsageSeries, (table.series_id, table.minute)
    names = (of.account_id, of.cache_id, of.cache_name, of.meter, of.principal)
    numbers = (table.messages, table.bytes, table.operations, table.seconds)
    found = select(*key, *names, *numbers).join(of, of.id == table.series_id)
    found = found.where(table.series_id.in_(ids), table.minute >= start, table.minute < end)
    return [SeriesSum._make(row) for row in await session.execute(found.order_by(*key).limit(most))]


def _of(account_id: str) -> tuple[ColumnElement[bool], ...]:
    """Return what tells the series of an account by principal from others."""
    return UsageSeries.account_id == account_id, UsageSeries.principal != ALL, UsageSeries.meter != CONCURRENCY
