"""Deletes usage that is older than it is to be kept. Coarser sums stay longer than what they are made of."""

import time
from collections.abc import Callable

from accounts.batches import repository
from accounts.batches.repository import BATCHES
from accounts.batches.retention import SHORTEST_DAYS, Retention
from accounts.database import Database
from accounts.reconciliation import repository as reconciliation
from accounts.usage import repository as usage
from accounts.usage.levels import DAY, HOUR, MINUTE, QUARTER, floor

SERIES_AT_ONCE = 500


class Pruning:
    """Deletes what is too old."""

    def __init__(self, database: Database, retention: Retention, now: Callable[[], float] = time.time) -> None:
        self._database = database
        self._retention = retention
        self._now = now

    async def run(self) -> str:
        """Delete what is too old, and return how much that was."""
        keep = self._retention
        batches = await self._batches(self._before(keep.batches))
        async with self._database.transaction() as session:
            await reconciliation.prune(session, self._before(keep.batches) // HOUR)
        sums = 0
        for step, days in ((MINUTE, keep.minutes), (QUARTER, keep.hours), (HOUR, keep.hours), (DAY, keep.days)):
            async with self._database.transaction() as session:
                sums += await usage.prune(session, step, self._before(days))
        series = await self._series() if sums else 0
        return f"{batches} batches, {sums} sums and {series} series without any were deleted for their age"

    async def _series(self) -> int:
        deleted = 0
        while True:
            async with self._database.transaction() as session:
                gone = await usage.prune_series(session, SERIES_AT_ONCE)
            deleted += gone
            if gone < SERIES_AT_ONCE:
                return deleted

    async def _batches(self, before: int) -> int:
        async with self._database.transaction() as session:
            await usage.set_pruned(session, BATCHES, before)
            boots = await repository.boots(session)
        deleted = 0
        for boot in boots:
            async with self._database.transaction() as session:
                deleted += await repository.prune(session, boot.router, boot.boot, before)
        return deleted

    def _before(self, days: int) -> int:
        """Return the minute before which all goes: the beginning of a day, so that no larger sum is cut."""
        return floor(int(self._now()) // 60 - max(days, SHORTEST_DAYS) * DAY, DAY)
