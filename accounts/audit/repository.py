"""SQL for the audit log. There is none that changes or deletes a row, and the database would refuse it."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from accounts.audit.models import AuditEntry
from accounts.paging import PageRequest


@dataclass(frozen=True, slots=True)
class Sought:
    """Which changes are looked for; what is empty or None does not matter.

    Attributes:
        account_id: Whose log.
        action: One, such as `cache.created`, or the noun of several, such as `cache`.
        actor: The id of a user, a key or an operator.
        start: Epoch seconds, from which on.
        end: Epoch seconds, before which.
    """

    account_id: str | None = None
    action: str = ""
    actor: str = ""
    target: str = ""
    start: int | None = None
    end: int | None = None


def add(session: AsyncSession, entry: AuditEntry) -> None:
    """Keep one change."""
    session.add(entry)


async def following(session: AsyncSession, account_id: str, last: int, most: int) -> Sequence[AuditEntry]:
    """Return the first changes of an account after the one of this id, the oldest first."""
    found = select(AuditEntry).where(AuditEntry.account_id == account_id, AuditEntry.id > last)
    return (await session.scalars(found.order_by(AuditEntry.id).limit(most))).all()


async def page(session: AsyncSession, sought: Sought, asked: PageRequest) -> Sequence[AuditEntry]:
    """Return a page of changes, the newest first."""
    found = select(AuditEntry).order_by(AuditEntry.id.desc())
    if sought.account_id is not None:
        found = found.where(AuditEntry.account_id == sought.account_id)
    if "." in sought.action:
        found = found.where(AuditEntry.action == sought.action)
    elif sought.action:
        found = found.where(AuditEntry.action.startswith(f"{sought.action}.", autoescape=True))
    if sought.actor:
        found = found.where(AuditEntry.actor_id == sought.actor)
    if sought.target:
        found = found.where(AuditEntry.target == sought.target)
    if sought.start is not None:
        found = found.where(AuditEntry.created_at >= sought.start)
    if sought.end is not None:
        found = found.where(AuditEntry.created_at < sought.end)
    if after := asked.after(int):
        found = found.where(AuditEntry.id < after[0])
    return (await session.scalars(found.limit(asked.fetch))).all()
