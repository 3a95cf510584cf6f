"""Reads the audit log."""

from accounts.audit import repository
from accounts.audit.models import AuditEntry
from accounts.database import Database
from accounts.paging import Page, PageRequest


class AuditLog:
    """The audit logs of accounts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, account_id: str, asked: PageRequest, noun: str = "") -> Page[AuditEntry]:
        """Return a page of an account's changes, the newest first; with `noun`, those of such things."""
        async with self._database.reading() as session:
            found = await repository.page(session, account_id, noun, asked)
        return asked.page(found, lambda entry: (entry.id,))
