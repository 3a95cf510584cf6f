"""SQL for test clocks."""

from collections.abc import Collection, Mapping

from sqlalchemy import select
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
