"""What batches say of one account, whichever minute its test clock has put it in."""

from collections.abc import AsyncIterator, Sequence
from typing import NamedTuple

from accounts.batches import repository
from accounts.batches.repository import BatchKey, Sealed
from accounts.clocks import repository as clocks
from accounts.database import Database
from api.usage import Line, Unreadable, decode, digest

BATCHES_AT_ONCE = 500


class Said(NamedTuple):
    """What one batch says of the account.

    Attributes:
        is_whole: Its bytes are those that were received; where they are not, there are no lines.
    """

    router: str
    boot: str
    number: int
    received_at: int
    lines: Sequence[Line]
    is_whole: bool


async def said(database: Database, account_id: str, start: int, end: int) -> AsyncIterator[Said]:
    """Yield what is counted of an account from a minute to before another, a page of batches at a time."""
    after: BatchKey | None = None
    while True:
        async with database.reading() as session:
            batches = await repository.between(session, start, end, after, BATCHES_AT_ONCE)
            if not batches:
                break
            moved = await clocks.placements_of(session, [batch[:3] for batch in batches])
        elsewhere = {(each.router, each.boot, each.number) for each in moved if each.account_id == account_id}
        for batch in batches:
            if batch[:3] not in elsewhere:
                yield _said(batch, account_id)
        newest = batches[-1]
        after = (newest.minute, newest.router, newest.boot, newest.number)
    async for each in _placed(database, account_id, start, end):
        yield each


async def _placed(database: Database, account_id: str, start: int, end: int) -> AsyncIterator[Said]:
    after: BatchKey | None = None
    while True:
        async with database.reading() as session:
            found = await repository.placed(session, account_id, start, end, after, BATCHES_AT_ONCE)
        if not found:
            return
        for row, _ in found:
            fields = [getattr(row, name) for name in Sealed._fields]
            yield _said(Sealed(*fields), account_id)
        row, minute = found[-1]
        after = (minute, row.router, row.boot, row.number)


def _said(batch: Sealed, account_id: str) -> Said:
    name = (batch.router, batch.boot, batch.number, batch.received_at)
    try:
        lines = decode(batch.payload).lines
    except Unreadable:
        return Said(*name, (), is_whole=False)
    mine = [line for line in lines if line.account == account_id]
    return Said(*name, mine, is_whole=digest(batch.payload) == batch.digest)
