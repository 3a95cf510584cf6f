"""SQL for schedules of exports."""

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from accounts.clocks.models import TestClock
from accounts.export_schedules.models import ExportSchedule


def add(session: AsyncSession, row: ExportSchedule) -> None:
    """Keep a new schedule."""
    session.add(row)


async def of_account(session: AsyncSession, account_id: str) -> Sequence[ExportSchedule]:
    """Return the schedules of an account, the oldest first."""
    found = select(ExportSchedule).where(ExportSchedule.account_id == account_id)
    return (await session.scalars(found.order_by(ExportSchedule.created_at, ExportSchedule.id))).all()


async def get(session: AsyncSession, account_id: str, schedule_id: str) -> ExportSchedule | None:
    """Return a schedule of this account."""
    of = (ExportSchedule.account_id == account_id, ExportSchedule.id == schedule_id)
    return await session.scalar(select(ExportSchedule).where(*of))


async def by_id(session: AsyncSession, schedule_id: str) -> ExportSchedule | None:
    """Return a schedule."""
    return await session.get(ExportSchedule, schedule_id)


async def remove(session: AsyncSession, row: ExportSchedule) -> None:
    """Forget a schedule."""
    await session.delete(row)


async def due(session: AsyncSession, now: int) -> Sequence[ExportSchedule]:
    """Return the schedules that are due, by the test clock of their account where that has one, the latest due first.

    Those that are years behind, as somebody has their files made again, leave room to whoever needs one file.
    """
    clock = TestClock.account_id == ExportSchedule.account_id
    behind = func.coalesce(TestClock.now, now) - ExportSchedule.due_at
    found = select(ExportSchedule).outerjoin(TestClock, clock).where(behind >= 0)
    return (await session.scalars(found.order_by(behind, ExportSchedule.id))).all()
