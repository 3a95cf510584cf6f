"""Reads the audit log."""

from collections.abc import AsyncIterator, Sequence

from accounts.audit import repository
from accounts.audit.models import AuditEntry
from accounts.audit.repository import Sought
from accounts.database import Database
from accounts.paging import Page, PageRequest

EXPORT_ROWS = 500


class AuditLog:
    """The audit logs of accounts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, account_id: str, asked: PageRequest, noun: str = "") -> Page[AuditEntry]:
        """Return a page of an account's changes, the newest first; with `noun`, those of such things."""
        return await self.search(Sought(account_id, action=noun), asked)

    async def search(self, sought: Sought, asked: PageRequest) -> Page[AuditEntry]:
        """Return a page of the changes that are sought, the newest first."""
        async with self._database.reading() as session:
            found = await repository.page(session, sought, asked)
        return asked.page(found, lambda entry: (entry.id,))

    async def following(self, account_id: str, last: int, most: int) -> Sequence[AuditEntry]:
        """Return the first changes of an account after the one of this id, the oldest first."""
        async with self._database.reading() as session:
            return await repository.following(session, account_id, last, most)

    async def pages(self, sought: Sought) -> AsyncIterator[Sequence[AuditEntry]]:
        """Yield all changes that are sought; the database is held for no longer than one page takes."""
        asked: PageRequest | None = PageRequest(limit=EXPORT_ROWS)
        while asked is not None:
            page = await self.search(sought, asked)
            yield page.items
            asked = None if page.next_token is None else PageRequest(EXPORT_ROWS, page.next_token)
