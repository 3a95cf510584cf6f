"""SQL for gaps."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import case, delete, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from accounts.caches.models import Cache
from accounts.database.insert import inserting
from accounts.gaps.models import Gap
from accounts.paging import PageRequest
from api.gaps import Cause


@dataclass(frozen=True, slots=True)
class Sought:
    """Which gaps are looked for; what is None does not matter.

    Attributes:
        start: Minute of the epoch, from which on.
        end: Minute of the epoch, before which.
    """

    account_id: str
    cache: str | None = None
    topic: str | None = None
    cause: Cause | None = None
    start: int | None = None
    end: int | None = None


class Found(NamedTuple):
    """A gap, and the name of its cache; None where that is gone, or was not told apart."""

    gap: Gap
    cache: str | None


async def add_up(session: AsyncSession, rows: Sequence[dict[str, Any]]) -> None:
    """Add to what is kept of the same minute, topic and cause."""
    insert = inserting(session, Gap)
    new: Any = insert.excluded
    statement = insert.on_conflict_do_update(
        index_elements=[Gap.account_id, Gap.minute, Gap.cache_id, Gap.topic, Gap.cause],
        set_={
            "streams": Gap.streams + new.streams,
            "after": case((new.after < Gap.after, new.after), else_=Gap.after),
            "until": case((new.until > Gap.until, new.until), else_=Gap.until),
        },
    )
    await session.execute(statement, list(rows))


async def page(session: AsyncSession, sought: Sought, asked: PageRequest) -> Sequence[Found]:
    """Return a page of gaps, the newest first."""
    found = select(Gap, Cache.name).outerjoin(Cache, Gap.cache_id == Cache.id)
    found = found.where(Gap.account_id == sought.account_id)
    for column, value in ((Cache.name, sought.cache), (Gap.topic, sought.topic), (Gap.cause, sought.cause)):
        if value is not None:
            found = found.where(column == value)
    if sought.start is not None:
        found = found.where(Gap.minute >= sought.start)
    if sought.end is not None:
        found = found.where(Gap.minute < sought.end)
    if after := asked.after(int, int):
        found = found.where(tuple_(Gap.minute, Gap.id) < after)
    found = found.order_by(Gap.minute.desc(), Gap.id.desc()).limit(asked.fetch)
    return [Found(*row) for row in await session.execute(found)]


async def prune(session: AsyncSession, before: int) -> int:
    """Delete the gaps from before a minute; return how many."""
    gone: Any = await session.execute(delete(Gap).where(Gap.minute < before))
    return int(gone.rowcount)
