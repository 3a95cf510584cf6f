"""SQL for limits."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Executable, case, delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from accounts.database.insert import dialect_of, inserting_into
from accounts.limits.models import LimitOverride, LimitPeak, LimitWarning

IDS_AT_ONCE = 500

PeakKey = tuple[str, str, str]
"""Account, cache (empty for the whole account), and name of the limit."""


async def overrides(session: AsyncSession, account_id: str) -> Mapping[str, LimitOverride]:
    """Return what differs from the account's plan, by the limit's name."""
    mine = select(LimitOverride).where(LimitOverride.account_id == account_id)
    return {row.name: row for row in (await session.scalars(mine)).all()}


async def overrides_of(session: AsyncSession, account_ids: Sequence[str]) -> Mapping[str, Mapping[str, LimitOverride]]:
    """Return what `overrides` does, by account; those without any are left out."""
    found: dict[str, dict[str, LimitOverride]] = {}
    for start in range(0, len(account_ids), IDS_AT_ONCE):
        some = account_ids[start : start + IDS_AT_ONCE]
        for row in (await session.scalars(select(LimitOverride).where(LimitOverride.account_id.in_(some)))).all():
            found.setdefault(row.account_id, {})[row.name] = row
    return found


async def override(session: AsyncSession, account_id: str, name: str, values: Mapping[str, int | None]) -> None:
    """Set `value`, `hard` or both of a limit; a row that says nothing is taken away."""
    row = await session.get(LimitOverride, (account_id, name))
    if row is None:
        row = LimitOverride(account_id=account_id, name=name, value=None, hard=None)
        session.add(row)
    for column, value in values.items():
        setattr(row, column, value)
    await session.flush()
    if row.value is None and row.hard is None:
        await session.delete(row)
        await session.flush()


async def raise_peaks(session: AsyncSession, hour: int, peaks: Mapping[PeakKey, int]) -> None:
    """Keep what is higher than what is kept of this hour."""
    if not peaks:
        return
    rows = [
        {"account_id": account_id, "cache_id": cache_id, "name": name, "hour": hour, "peak": peak}
        for (account_id, cache_id, name), peak in sorted(peaks.items())
    ]
    await session.execute(_raising(dialect_of(session)), rows)


@cache
def _raising(dialect: str) -> Executable:
    """Return what raises peaks, made once: it is done every few seconds, and each one made is a cycle of objects."""
    insert = inserting_into(dialect, LimitPeak)
    new: Any = insert.excluded
    return insert.on_conflict_do_update(
        index_elements=[LimitPeak.account_id, LimitPeak.cache_id, LimitPeak.name, LimitPeak.hour],
        set_={"peak": case((new.peak > LimitPeak.peak, new.peak), else_=LimitPeak.peak)},
    )


async def peaks(session: AsyncSession, account_id: str, since_hour: int) -> Mapping[tuple[str, str], int]:
    """Return the highest use since an hour, by cache and name of the limit."""
    highest = (
        select(LimitPeak.cache_id, LimitPeak.name, func.max(LimitPeak.peak).label("peak"))
        .where(LimitPeak.account_id == account_id, LimitPeak.hour >= since_hour)
        .group_by(LimitPeak.cache_id, LimitPeak.name)
    )
    return {(row.cache_id, row.name): row.peak for row in await session.execute(highest)}


async def forget_peaks(session: AsyncSession, before_hour: int) -> None:
    """Forget what was used before an hour."""
    await session.execute(delete(LimitPeak).where(LimitPeak.hour < before_hour))


async def warnings(session: AsyncSession) -> Sequence[LimitWarning]:
    """Return all limits that were nearly used up of late."""
    return (await session.scalars(select(LimitWarning))).all()


async def warning(session: AsyncSession, account_id: str, name: str) -> LimitWarning | None:
    """Return what is known of one limit; others who ask so wait until this transaction has ended."""
    return await session.get(LimitWarning, (account_id, name), with_for_update=True)


async def remove_warning(session: AsyncSession, row: LimitWarning) -> None:
    """Forget that a limit was nearly used up."""
    await session.delete(row)


def add_warning(session: AsyncSession, row: LimitWarning) -> None:
    """Keep that a limit is nearly used up."""
    session.add(row)
