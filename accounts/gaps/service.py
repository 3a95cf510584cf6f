"""Keeps the gaps that routers tell of, in the transaction that applies their batches, and lists them."""

import time
from collections.abc import Callable, Iterable
from typing import NamedTuple

from accounts.database import Database, Transaction
from accounts.gaps import repository
from accounts.gaps.repository import Found, Sought
from accounts.jobs.service import Job
from accounts.paging import Page, PageRequest
from accounts.tenants import repository as tenants
from api.gaps import Cause, GapLine

PRUNE_SECONDS = 3600
DAY_MINUTES = 1440


class _Key(NamedTuple):
    account_id: str
    minute: int
    cache_id: str
    topic: str
    cause: Cause


async def record(session: Transaction, told: Iterable[tuple[int, GapLine]]) -> None:
    """Add up what subscribers were told, by minute of the epoch; that of accounts which are gone is left out.

    The caller sees to it that nothing is recorded twice, in the same transaction.
    """
    sums: dict[_Key, tuple[int, int, int]] = {}
    for minute, gap in told:
        key = _Key(gap.account, minute, gap.cache, gap.topic, gap.cause)
        streams, after, until = sums.get(key, (0, gap.after, gap.until))
        sums[key] = (streams + gap.streams, min(after, gap.after), max(until, gap.until))
    if not sums:
        return
    there = {account.id for account in await tenants.some(session, sorted({key.account_id for key in sums}))}
    # In one order everywhere, so that two services that add to the same rows wait for each other one way only.
    rows = [
        {**key._asdict(), "streams": streams, "after": after, "until": until}
        for key, (streams, after, until) in sorted(sums.items())
        if key.account_id in there
    ]
    if rows:
        await repository.add_up(session, rows)


class Gaps:
    """The ledgers of accounts."""

    def __init__(self, database: Database, days: int, now: Callable[[], float] = time.time) -> None:
        """Keep what is no older than so many days."""
        self._database = database
        self._days = days
        self._now = now

    def jobs(self) -> list[Job]:
        """Return what is done again and again."""
        return [Job("gaps.prune", PRUNE_SECONDS, self.prune)]

    async def page(self, sought: Sought, asked: PageRequest) -> Page[Found]:
        """Return a page of the gaps that are sought, the newest first."""
        async with self._database.reading() as session:
            found = await repository.page(session, sought, asked)
        return asked.page(found, lambda each: (each.gap.minute, each.gap.id))

    async def prune(self) -> str:
        """Delete what is too old, and return how much that was."""
        async with self._database.transaction() as session:
            gone = await repository.prune(session, int(self._now()) // 60 - self._days * DAY_MINUTES)
        return f"{gone} gaps were deleted for their age"
