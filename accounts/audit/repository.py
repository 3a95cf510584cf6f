"""SQL for the audit log. There is none that changes or deletes a row, and the database would refuse it."""

from sqlalchemy.ext.asyncio import AsyncSession

from accounts.audit.models import AuditEntry


def add(session: AsyncSession, entry: AuditEntry) -> None:
    """Keep one change."""
    session.add(entry)
