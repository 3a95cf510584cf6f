"""Reads usage for an export, a page at a time, without holding the database for longer than one page takes."""

from collections.abc import AsyncIterator, Sequence
from typing import Literal

from accounts.batches.repository import BatchKey, placed
from accounts.clocks import repository as clocks
from accounts.database import Database
from accounts.exports import repository
from accounts.exports.repository import TABLES
from accounts.exports.rows import CountedLine, UsageRow
from accounts.usage.models import UsageSeries
from api.usage import CONCURRENCY, decode

PAGE_ROWS = 5_000
PAGE_BATCHES = 500

Granularity = Literal["minute", "hour", "day"]


async def usage_pages(
    database: Database, account_id: str, start: int, end: int, granularity: Granularity
) -> AsyncIterator[Sequence[UsageRow]]:
    """Yield usage from `start` to before `end`, in minutes of the epoch, by cache, meter and principal, then time.

    Steps are of UTC; one that lies in the time in part is not in it.
    """
    minutes = TABLES[granularity][1]
    first = -(-start // minutes) * minutes
    last = end - end % minutes
    async with database.reading() as session:
        everything = await repository.series(session, account_id)
    page: list[UsageRow] = []
    for series in everything:
        at = first
        while True:
            async with database.reading() as session:
                found = await repository.sums(session, granularity, series.id, at, last, PAGE_ROWS)
            page += [_row(series, row.minute, minutes, row) for row in found]
            if len(page) >= PAGE_ROWS:
                yield page
                page = []
            if len(found) < PAGE_ROWS:
                break
            at = found[-1].minute + 1
    if page:
        yield page


async def counted_pages(
    database: Database, account_id: str, start: int, end: int
) -> AsyncIterator[Sequence[CountedLine]]:
    """Yield what routers counted from `start` to before `end`, in minutes of the epoch, in the order of time."""
    async with database.reading() as session:
        has_clock = await clocks.get(session, account_id) is not None
    after: BatchKey | None = None
    previous: dict[tuple[str, str], int] = {}
    while True:
        async with database.reading() as session:
            if has_clock:
                found = await placed(session, account_id, start, end, after, PAGE_BATCHES)
            else:
                rows = await repository.batches(session, start, end, after, PAGE_BATCHES)
                found = [(row, row.minute) for row in rows]
        lines = [line for row, minute in found for line in _lines(account_id, row.payload, minute, previous)]
        if lines:
            yield lines
        if len(found) < PAGE_BATCHES:
            return
        row, minute = found[-1]
        after = (minute, row.router, row.boot, row.number)


def _row(series: UsageSeries, minute: int, minutes: int, counts: repository.Sums) -> UsageRow:
    return UsageRow(
        series.account_id,
        minute * 60,
        minutes * 60,
        series.cache_id,
        series.cache_name,
        series.meter,
        series.principal,
        counts.messages,
        counts.bytes,
        counts.operations,
        counts.seconds,
    )


def _lines(account_id: str, payload: bytes, minute: int, previous: dict[tuple[str, str], int]) -> Sequence[CountedLine]:
    batch = decode(payload)
    own = [line for line in batch.lines if line.account == account_id and line.meter != CONCURRENCY]
    if not own:
        return ()
    boot = (batch.router, batch.boot)
    before = previous.get(boot)
    previous[boot] = batch.number
    return [
        CountedLine(
            batch.router,
            batch.boot,
            batch.number,
            index,
            len(own),
            before,
            minute,
            account_id,
            line.cache,
            line.meter,
            line.principal,
            line.messages,
            line.bytes,
            line.operations,
            line.seconds,
        )
        for index, line in enumerate(own, 1)
    ]
