"""SQL for batches of usage."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Final, NamedTuple, cast

from sqlalchemy import Executable, Table, bindparam, case, delete, func, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from accounts.batches.models import UsageBatch, UsageBoot
from accounts.clocks.models import TestClockPlacement
from accounts.database.insert import dialect_of, insert_all_once, inserting_into

BATCHES = 0
"""Stands for batches where levels are named by their step."""


BatchKey = tuple[int, str, str, int]
"""Minute, router, boot and number."""

# What is done each second is made once, as in `_seeing`: each one made is a cycle for the garbage collector.
_NUMBERS_AFTER: Final = (
    select(UsageBatch.number)
    .where(UsageBatch.router == bindparam("by"), UsageBatch.boot == bindparam("life"))
    .where(UsageBatch.number > bindparam("after"))
    .order_by(UsageBatch.number)
)
_SET_APPLIED: Final = (
    update(cast("Table", UsageBoot.__table__))
    .where(UsageBoot.router == bindparam("by"), UsageBoot.boot == bindparam("life"))
    .values(applied_to=bindparam("to"))
)


class Sealed(NamedTuple):
    """A batch as its router wrote it, and the minute that it is counted in."""

    router: str
    boot: str
    number: int
    minute: int
    digest: bytes
    payload: bytes
    received_at: int


async def keep_batches(session: AsyncSession, batches: Sequence[Sealed]) -> set[tuple[str, str, int]]:
    """Keep batches; return which of them were not there before."""
    if not batches:
        return set()
    rows = await insert_all_once(session, UsageBatch, [batch._asdict() for batch in batches])
    return {(row.router, row.boot, row.number) for row in rows}


async def digests(session: AsyncSession, batches: Sequence[Sealed]) -> Mapping[tuple[str, str, int], bytes]:
    """Return the digests of these batches as they are kept."""
    if not batches:
        return {}
    key = (UsageBatch.router, UsageBatch.boot, UsageBatch.number)
    found = select(*key, UsageBatch.digest).where(tuple_(*key).in_([batch[:3] for batch in batches]))
    return {(row.router, row.boot, row.number): row.digest for row in await session.execute(found)}


async def see_boot(session: AsyncSession, router: str, boot: str, newest: int, last: int | None, now: int) -> int:
    """Take note of a boot's newest batch, and of its last one if that is known; return how far it is applied.

    Until the transaction ends, no other one applies batches of this boot.
    """
    row = {"router": router, "boot": boot, "applied_to": 0, "newest": newest, "last": last, "seen_at": now}
    return (await session.execute(_seeing(dialect_of(session)), [row])).scalar_one()


async def numbers_after(session: AsyncSession, router: str, boot: str, number: int) -> Sequence[int]:
    """Return the numbers of a boot's batches above a number, in their order."""
    return (await session.scalars(_NUMBERS_AFTER, {"by": router, "life": boot, "after": number})).all()


async def set_applied(session: AsyncSession, router: str, boot: str, applied_to: int) -> None:
    """Note how far a boot's batches are applied without a gap."""
    await (await session.connection()).execute(_SET_APPLIED, {"by": router, "life": boot, "to": applied_to})


async def in_minute(session: AsyncSession, minute: int) -> Sequence[UsageBatch]:
    """Return the batches that were counted in a minute of the epoch, in the order of their routers and numbers."""
    found = select(UsageBatch).where(UsageBatch.minute == minute)
    return (await session.scalars(found.order_by(UsageBatch.router, UsageBatch.boot, UsageBatch.number))).all()


async def batch(session: AsyncSession, router: str, boot: str, number: int) -> UsageBatch | None:
    """Return one batch."""
    return await session.get(UsageBatch, (router, boot, number))


async def boots(session: AsyncSession) -> Sequence[UsageBoot]:
    """Return all boots of all routers, in the order of their names."""
    return (await session.scalars(select(UsageBoot).order_by(UsageBoot.router, UsageBoot.boot))).all()


async def of_boot(session: AsyncSession, router: str, boot: str, after: int, to: int, most: int) -> Sequence[Sealed]:
    """Return some batches of a boot above a number and up to another, in their order."""
    found = select(*_columns()).where(UsageBatch.router == router, UsageBatch.boot == boot)
    found = found.where(UsageBatch.number > after, UsageBatch.number <= to).order_by(UsageBatch.number).limit(most)
    return [Sealed(*row) for row in await session.execute(found)]


async def between(session: AsyncSession, start: int, end: int, after: BatchKey | None, most: int) -> Sequence[Sealed]:
    """Return some batches of the minutes from `start` to before `end`, by minute, router, boot and number."""
    order = (UsageBatch.minute, UsageBatch.router, UsageBatch.boot, UsageBatch.number)
    found = select(*_columns()).where(UsageBatch.minute >= start, UsageBatch.minute < end)
    if after is not None:
        found = found.where(tuple_(*order) > tuple_(*after))
    return [Sealed(*row) for row in await session.execute(found.order_by(*order).limit(most))]


async def placed(
    session: AsyncSession, account_id: str, start: int, end: int, after: BatchKey | None, most: int
) -> Sequence[tuple[UsageBatch, int]]:
    """Return batches whose usage of an account went by its test clock to a minute in this time, with that minute."""
    at = TestClockPlacement
    key = (at.minute, at.router, at.boot, at.number)
    of = (UsageBatch.router == at.router) & (UsageBatch.boot == at.boot) & (UsageBatch.number == at.number)
    found = select(UsageBatch, at.minute).join(at, of).where(at.account_id == account_id)
    found = found.where(at.minute >= start, at.minute < end)
    if after is not None:
        found = found.where(tuple_(*key) > after)
    return [(row, minute) for row, minute in await session.execute(found.order_by(*key).limit(most))]


async def next_minute(session: AsyncSession, minute: int) -> int | None:
    """Return the minute of the first batch at or after a minute."""
    return await session.scalar(select(func.min(UsageBatch.minute)).where(UsageBatch.minute >= minute))


async def prune(session: AsyncSession, router: str, boot: str, before: int) -> int:
    """Delete the first batches of a boot as far as all of them are from before a minute; return how many.

    None goes that is not known to be applied by the boot's row, which stays: or it could be applied once more.
    """
    row = await session.get(UsageBoot, (router, boot), with_for_update=True)
    if row is None:
        return 0
    mine = (UsageBatch.router == router, UsageBatch.boot == boot)
    kept = await session.scalar(select(func.min(UsageBatch.number)).where(*mine, UsageBatch.minute >= before))
    to = row.applied_to if kept is None else min(row.applied_to, kept - 1)
    gone = delete(UsageBatch).where(*mine, UsageBatch.number <= to).returning(UsageBatch.number)
    count = len((await session.scalars(gone)).all())
    row.pruned_to = max(to, row.pruned_to)
    return count


async def first_since(session: AsyncSession, router: str, boot: str, minute: int) -> int | None:
    """Return the number of the first batch of a boot that is from a minute or a later one."""
    mine = (UsageBatch.router == router, UsageBatch.boot == boot, UsageBatch.minute >= minute)
    return await session.scalar(select(func.min(UsageBatch.number)).where(*mine))


def _columns() -> list[Any]:
    return [getattr(UsageBatch, name) for name in Sealed._fields]


@cache
def _seeing(dialect: str) -> Executable:
    """Return what notes a boot, made once: it is done each second, and a new one would be a cycle of 300 objects."""
    insert = inserting_into(dialect, UsageBoot)
    new: Any = insert.excluded
    return insert.on_conflict_do_update(
        index_elements=[UsageBoot.router, UsageBoot.boot],
        set_={
            "newest": case((new.newest > UsageBoot.newest, new.newest), else_=UsageBoot.newest),
            "last": func.coalesce(UsageBoot.last, new.last),
            "seen_at": new.seen_at,
        },
    ).returning(UsageBoot.applied_to)
