"""Removes from the backplane what was deleted in the database.

A router and a storage node may not have heard yet that a cache is gone, and write one of its topics anew. So these are
removed a few seconds after the deletion, and again a minute later.
"""

import time
from collections.abc import Callable

from accounts.database import Database
from accounts.purges import repository
from accounts.purges.models import Purge
from backplane.interface import Directory, DurableTopics

PURGE_SECONDS = 5
PASSES_AFTER_SECONDS = (5, 65)
"""How long after the deletion each pass is made, at the soonest."""


class Purges:
    """The job `accounts.purge`."""

    def __init__(
        self,
        database: Database,
        directory: Directory,
        topics: DurableTopics | None,
        now: Callable[[], float] = time.time,
    ) -> None:
        """Without `topics`, no topic outlives its storage node, and there is nothing to remove of them."""
        self._database = database
        self._directory = directory
        self._topics = topics
        self._now = now

    async def run(self) -> str:
        """Remove what is due.

        Raises:
            Unavailable: the database or the backplane cannot be reached.
        """
        async with self._database.reading() as session:
            waiting = await repository.everything(session)
        due = [purge for purge in waiting if self._now() >= purge.deleted_at + PASSES_AFTER_SECONDS[purge.passes]]
        removed = sum([await self._purge(purge) for purge in due])
        return f"{len(due)} of {len(waiting)} purged, {removed} topics removed"

    async def _purge(self, purge: Purge) -> int:
        is_last = purge.passes + 1 == len(PASSES_AFTER_SECONDS)
        removed = 0
        if not purge.cache_id:
            await self._directory.remove_account(purge.account_id)
        elif self._topics is not None:
            removed = await self._topics.remove(purge.account_id, purge.cache_id, for_good=is_last)
        async with self._database.transaction() as session:
            if is_last:
                await repository.remove(session, purge)
            else:
                await repository.note_pass(session, purge)
        return removed
