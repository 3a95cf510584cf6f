"""SQL for what witnesses have counted and for the reports."""

from collections.abc import Sequence
from functools import cache
from typing import Any, cast

from sqlalchemy import Executable, case, delete, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from accounts.batches.models import UsageBatch
from accounts.database.insert import dialect_of, inserting_into
from accounts.reconciliation.models import UsageReconciliation, UsageWitnessed
from backplane.witnesses import Kind, Witnessed

HOUR_MINUTES = 60


async def keep(session: AsyncSession, counted: Sequence[Witnessed]) -> None:
    """Keep what witnesses have counted; of what is there already the larger numbers stay."""
    statement = _keeping(dialect_of(session))
    await session.execute(statement, [each._asdict() for each in sorted(counted)])


async def witnessed(session: AsyncSession, hour: int) -> Sequence[Witnessed]:
    """Return what was counted in an hour."""
    rows = await session.scalars(select(UsageWitnessed).where(UsageWitnessed.hour == hour))
    return [Witnessed(cast("Kind", row.kind), *(getattr(row, name) for name in Witnessed._fields[1:])) for row in rows]


async def first_hour(session: AsyncSession, since: int) -> int | None:
    """Return the first hour at or after one in which a witness was there."""
    return await session.scalar(select(func.min(UsageWitnessed.hour)).where(UsageWitnessed.hour >= since))


async def received(session: AsyncSession, since: int) -> dict[int, int]:
    """Return of each hour since one when its newest batch came, in epoch seconds."""
    hour = (UsageBatch.minute // HOUR_MINUTES).label("hour")
    found = select(hour, func.max(UsageBatch.received_at)).where(UsageBatch.minute >= since * HOUR_MINUTES)
    return {row[0]: row[1] for row in await session.execute(found.group_by("hour"))}


async def reports(session: AsyncSession, since: int, to: int) -> Sequence[UsageReconciliation]:
    """Return the reports from an hour to before another, in their order."""
    within = (UsageReconciliation.hour >= since, UsageReconciliation.hour < to)
    found = select(UsageReconciliation).where(*within).order_by(UsageReconciliation.hour)
    return (await session.scalars(found)).all()


async def newest_first(session: AsyncSession, before: int | None, count: int) -> Sequence[UsageReconciliation]:
    """Return so many reports of hours before one, the newest first."""
    found = select(UsageReconciliation).order_by(UsageReconciliation.hour.desc()).limit(count)
    if before is not None:
        found = found.where(UsageReconciliation.hour < before)
    return (await session.scalars(found)).all()


async def put(session: AsyncSession, report: UsageReconciliation) -> None:
    """Keep a report in place of the one that there may be of its hour."""
    await session.merge(report)


async def prune(session: AsyncSession, before: int) -> int:
    """Delete what is of an hour before one; return how many reports went."""
    await session.execute(delete(UsageWitnessed).where(UsageWitnessed.hour < before))
    gone: Any = await session.execute(delete(UsageReconciliation).where(UsageReconciliation.hour < before))
    return int(gone.rowcount)


def _larger(one: Any, other: Any) -> Any:  # noqa: ANN401 - expressions of SQL
    return case((one > other, one), else_=other)


@cache
def _keeping(dialect: str) -> Executable:
    """Return what keeps counts, made once: it is done every few seconds, and each one made is a cycle of objects."""
    insert = inserting_into(dialect, UsageWitnessed)
    new: Any = insert.excluded
    known = UsageWitnessed
    larger = {name: _larger(getattr(new, name), getattr(known, name)) for name in ("messages", "bytes", "most")}
    return insert.on_conflict_do_update(
        index_elements=[known.hour, known.kind, known.witness, known.boot, known.account],
        set_={**larger, "has_left": or_(new.has_left, known.has_left)},
    )
