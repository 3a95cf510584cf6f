"""SQL for exports, a page at a time: no page needs more than an index and a bounded number of rows."""

from collections.abc import Mapping, Sequence
from typing import Any

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


async def series(session: AsyncSession, account_id: str) -> Sequence[UsageSeries]:
    """Return what numbers are kept of an account by principal, in the order of their ids."""
    return (await session.scalars(select(UsageSeries).where(*_of(account_id)).order_by(UsageSeries.id))).all()


async def has_series(session: AsyncSession, account_id: str) -> bool:
    """Return whether any numbers are kept of an account."""
    return await session.scalar(select(UsageSeries.id).where(*_of(account_id)).limit(1)) is not None


async def sums(
    session: AsyncSession, granularity: str, series_id: int, start: int, end: int, most: int
) -> Sequence[Sums]:
    """Return the sums of a series from minute `start` to before `end`, in the order of time."""
    table: Any = TABLES[granularity][0]
    found = select(table).where(table.series_id == series_id, table.minute >= start, table.minute < end)
    return (await session.scalars(found.order_by(table.minute).limit(most))).all()


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


def _of(account_id: str) -> tuple[ColumnElement[bool], ...]:
    """Return what tells the series of an account by principal from others."""
    return UsageSeries.account_id == account_id, UsageSeries.principal != ALL, UsageSeries.meter != CONCURRENCY
