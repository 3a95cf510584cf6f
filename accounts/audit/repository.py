"""SQL for the audit log. There is none that changes or deletes a row, and the database would refuse it."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from accounts.audit.models import AuditEntry
from accounts.paging import PageRequest


def add(session: AsyncSession, entry: AuditEntry) -> None:
    """Keep one change."""
    session.add(entry)


async def page(session: AsyncSession, account_id: str, noun: str, asked: PageRequest) -> Sequence[AuditEntry]:
    """Return a page of an account's changes, the newest first; with a noun, those of such things."""
    mine = select(AuditEntry).where(AuditEntry.account_id == account_id).order_by(AuditEntry.id.desc())
    if noun:
        mine = mine.where(AuditEntry.action.startswith(f"{noun}.", autoescape=True))
    if after := asked.after(int):
        mine = mine.where(AuditEntry.id < after[0])
    return (await session.scalars(mine.limit(asked.fetch))).all()
