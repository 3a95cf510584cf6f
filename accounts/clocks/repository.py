"""SQL for test clocks."""

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from accounts.clocks.models import TestClock, TestClockPlacement


async def get(session: AsyncSession, account_id: str) -> TestClock | None:
    """Return an account's test clock."""
    return await session.get(TestClock, account_id)


async def of_accounts(session: AsyncSession, account_ids: Collection[str]) -> Mapping[str, int]:
    """Return the time of those of these accounts that have a test clock, in epoch seconds."""
    found = await session.execute(
        select(TestClock.account_id, TestClock.now).where(TestClock.account_id.in_(account_ids))
    )
    return {row.account_id: row.now for row in found}


def add(session: AsyncSession, clock: TestClock | TestClockPlacement) -> None:
    """Keep a new clock, or where usage went by one."""
    session.add(clock)


async def placed_in(session: AsyncSession, account_id: str, minute: int) -> Sequence[tuple[str, str, int]]:
    """Return router, boot and number of the batches whose usage of an account went to a minute by its test clock."""
    of = (TestClockPlacement.account_id == account_id, TestClockPlacement.minute == minute)
    key = (TestClockPlacement.router, TestClockPlacement.boot, TestClockPlacement.number)
    return [(row.router, row.boot, row.number) for row in await session.execute(select(*key).where(*of).order_by(*key))]


async def placements(session: AsyncSession, start: int, end: int) -> Sequence[TestClockPlacement]:
    """Return where usage went by test clocks, from a minute to before another."""
    found = select(TestClockPlacement).where(TestClockPlacement.minute >= start, TestClockPlacement.minute < end)
    return (await session.scalars(found)).all()


async def placed_between(
    session: AsyncSession, account_id: str, start: int, end: int, most: int
) -> Sequence[TestClockPlacement]:
    """Return some placements of an account's usage from a minute to before another, in the order of these."""
    of = (TestClockPlacement.account_id == account_id, TestClockPlacement.minute >= start)
    found = select(TestClockPlacement).where(*of, TestClockPlacement.minute < end)
    order = (TestClockPlacement.minute, TestClockPlacement.router, TestClockPlacement.boot, TestClockPlacement.number)
    return (await session.scalars(found.order_by(*order).limit(most))).all()


async def placements_of(session: AsyncSession, keys: Sequence[tuple[str, str, int]]) -> Sequence[TestClockPlacement]:
    """Return where usage of these batches went by test clocks."""
    key = (TestClockPlacement.router, TestClockPlacement.boot, TestClockPlacement.number)
    return (await session.scalars(select(TestClockPlacement).where(tuple_(*key).in_(keys)))).all()


async def next_placement(session: AsyncSession, minute: int) -> int | None:
    """Return the first minute at or after a minute that usage went to by a test clock."""
    found = select(func.min(TestClockPlacement.minute)).where(TestClockPlacement.minute >= minute)
    return await session.scalar(found)
