"""Reads usage for an export, a page at a time, without holding the database for longer than one page takes."""

from collections.abc import AsyncIterator, Sequence
from typing import Literal

from accounts.batches.repository import BatchKey, placed
from accounts.clocks import repository as clocks
from accounts.database import Database
from accounts.exports import repository
from accounts.exports.repository import TABLES, SeriesSum
from accounts.exports.rows import CountedLine, UsageRow
from api.usage import CONCURRENCY, decode

PAGE_ROWS = 5_000
PAGE_SERIES = 500
PAGE_BATCHES = 500

Granularity = Literal["minute", "hour", "day"]


async def usage_pages(
    database: Database, account_id: str, start: int, end: int, granularity: Granularity
) -> AsyncIterator[Sequence[UsageRow]]:
    """Yield usage from `start` to before `end`, in minutes of the epoch: each cache, meter and principal by time.

    Steps are of UTC; one that lies in the time in part is not in it. An account may have used as many `token_id`s as it
    has users, so series are read many at a time.
    """
    minutes = TABLES[granularity][1]
    first = -(-start // minutes) * minutes
    last = end - end % minutes
    async with database.reading() as session:
        ids = await repository.series_ids(session, account_id)
    page: list[UsageRow] = []
    for begin in range(0, len(ids), PAGE_SERIES):
        some = ids[begin : begin + PAGE_SERIES]
        after: repository.SumKey | None = None
        while True:
            async with database.reading() as session:
                found = await repository.sums(session, granularity, some, first, last, after, PAGE_ROWS)
            page += [_row(each, minutes) for each in found]
            if len(page) >= PAGE_ROWS:
                yield page
                page = []
            if len(found) < PAGE_ROWS:
                break
            after = (found[-1].series_id, found[-1].minute)
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


def _row(counted: SeriesSum, minutes: int) -> UsageRow:
    return UsageRow(
        counted.account_id,
        counted.minute * 60,
        minutes * 60,
        counted.cache_id,
        counted.cache_name,
        counted.meter,
        counted.principal,
        counted.messages,
        counted.bytes,
        counted.operations,
        counted.seconds,
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
