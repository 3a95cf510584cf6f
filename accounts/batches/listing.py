"""Shows an account the batches in which its usage was counted, and whether these are as their routers wrote them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from accounts.batches import repository
from accounts.batches.repository import Sealed
from accounts.clocks import repository as clocks
from accounts.database import Database, Transaction
from accounts.paging import Page, PageRequest
from accounts.usage.adding import added
from accounts.usage.repository import Counts, cache_names
from api.errors import InvalidArgument
from api.usage import Line, Unreadable, decode, digest

MOST_MINUTES = 24 * 60
BATCHES_AT_ONCE = 200
MOST_LOOKED_AT = 4_000
"""Batches that are looked into for one page; where an account is in few of many, a page may be short."""

MOST_PLACED = 1_000

Part = tuple[str, str, str]
"""Meter, cache id and principal; the latter two are empty where they are not told apart."""


@dataclass(frozen=True, slots=True)
class Source:
    """One batch, as far as it is an account's.

    Attributes:
        minute: In which the account's usage is counted.
        previous: The digest of the batch before, as this one says it.
        is_intact: Its bytes are those that were received, and hold the digest of the batch before.
    """

    batch: Sealed
    minute: int
    previous: bytes
    is_intact: bool
    parts: Sequence[tuple[Part, Counts]]


@dataclass(frozen=True, slots=True)
class Sources:
    """An account's page of batches, and the names of its caches by id."""

    page: Page[Source]
    cache_names: dict[str, str]


class Listing:
    """Batches, by what accounts find in them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def sources(
        self, account_id: str, start: int, end: int, by: Collection[str], request: PageRequest
    ) -> Sources:
        """Return batches with usage of an account from one minute to before another, in the order of their minutes.

        `by` may name `cache` and `principal`, which are told apart then.

        Raises:
            InvalidArgument: that is more than a day.
        """
        if not start < end <= start + MOST_MINUTES:
            raise InvalidArgument("'to' must be after 'from', and a day later at most")
        async with self._database.reading() as session:
            names = dict(await cache_names(session, account_id))
            placed = await self._placed(session, account_id, start, end, by)
            if placed:
                return Sources(Page(placed, None), names)
            return Sources(await self._page(session, account_id, (start, end), by, request), names)

    async def _page(
        self, session: Transaction, account_id: str, span: tuple[int, int], by: Collection[str], request: PageRequest
    ) -> Page[Source]:
        after = request.after(int, str, str, int)
        position = None if after is None else (after[0], after[1], after[2], after[3])
        found: list[Source] = []
        for _ in range(0, MOST_LOOKED_AT, BATCHES_AT_ONCE):
            batches = await repository.between(session, *span, position, BATCHES_AT_ONCE)
            placements = await clocks.placements_of(session, [batch[:3] for batch in batches])
            moved = {(each.router, each.boot, each.number) for each in placements if each.account_id == account_id}
            for batch in batches:
                position = (batch.minute, batch.router, batch.boot, batch.number)
                if batch[:3] not in moved and (source := await _source(session, account_id, batch, batch.minute, by)):
                    found.append(source)
                    if len(found) == request.limit:
                        return request.page_up_to(found, position)
            if len(batches) < BATCHES_AT_ONCE:
                position = None
                break
        return request.page_up_to(found, position)

    async def _placed(
        self, session: Transaction, account_id: str, start: int, end: int, by: Collection[str]
    ) -> list[Source]:
        """Return the batches whose usage of the account went to this time by its test clock."""
        found: list[Source] = []
        for placement in await clocks.placed_between(session, account_id, start, end, MOST_PLACED):
            row = await repository.batch(session, placement.router, placement.boot, placement.number)
            if row is not None:
                batch = Sealed(*(getattr(row, name) for name in Sealed._fields))
                source = await _source(session, account_id, batch, placement.minute, by)
                found += [source] if source else []
        return found


async def _source(
    session: Transaction, account_id: str, batch: Sealed, minute: int, by: Collection[str]
) -> Source | None:
    try:
        said = decode(batch.payload)
    except Unreadable:
        return None  # nobody can tell whose it is; `tidings usage verify` names it
    lines = [line for line in said.lines if line.account == account_id]
    if not lines:
        return None
    before = await repository.batch(session, batch.router, batch.boot, batch.number - 1)
    is_intact = digest(batch.payload) == batch.digest and (before is None or before.digest == said.previous)
    parts = added((_part(line, by), Counts._make(line[4:])) for line in lines)
    return Source(batch, minute, said.previous, is_intact, sorted(parts.items()))


def _part(line: Line, by: Collection[str]) -> Part:
    return line.meter, line.cache if "cache" in by else "", line.principal if "principal" in by else ""
