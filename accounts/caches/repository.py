"""SQL for caches."""

from collections.abc import Mapping, Sequence

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from accounts.caches.models import Cache
from accounts.paging import PageRequest

IDS_AT_ONCE = 500


async def of_account(session: AsyncSession, account_id: str) -> Sequence[Cache]:
    """Return an account's caches in the order of their names."""
    return (await session.scalars(select(Cache).where(Cache.account_id == account_id).order_by(Cache.name))).all()


async def page(session: AsyncSession, account_id: str, asked: PageRequest) -> Sequence[Cache]:
    """Return a page of an account's caches in the order of their names."""
    mine = select(Cache).where(Cache.account_id == account_id).order_by(Cache.name).limit(asked.fetch)
    if after := asked.after(str):
        mine = mine.where(Cache.name > after[0])
    return (await session.scalars(mine)).all()


async def get(session: AsyncSession, account_id: str, name: str) -> Cache | None:
    """Return a cache."""
    return await session.scalar(select(Cache).where(Cache.account_id == account_id, Cache.name == name))


async def get_alone(session: AsyncSession, account_id: str, name: str) -> Cache | None:
    """Return a cache; others who ask so wait until this transaction has ended."""
    return await session.scalar(
        select(Cache).where(Cache.account_id == account_id, Cache.name == name).with_for_update()
    )


async def exists(session: AsyncSession, account_id: str, name: str) -> bool:
    """Whether the account has a cache of this name."""
    found = select(Cache.id).where(Cache.account_id == account_id, Cache.name == name)
    return await session.scalar(found) is not None


async def count(session: AsyncSession, account_id: str) -> int:
    """Return how many caches the account has."""
    return await session.scalar(select(func.count()).select_from(Cache).where(Cache.account_id == account_id)) or 0


async def counts(session: AsyncSession) -> Mapping[str, int]:
    """Return how many caches each account has."""
    rows = await session.execute(select(Cache.account_id, func.count().label("have")).group_by(Cache.account_id))
    return {row.account_id: row.have for row in rows}


async def some(session: AsyncSession, ids: Sequence[str]) -> Sequence[Cache]:
    """Return those of these caches that there are."""
    found: list[Cache] = []
    for start in range(0, len(ids), IDS_AT_ONCE):
        found += (await session.scalars(select(Cache).where(Cache.id.in_(ids[start : start + IDS_AT_ONCE])))).all()
    return found


async def add(session: AsyncSession, cache: Cache) -> None:
    """Keep a new cache."""
    session.add(cache)
    await session.flush()


async def remove(session: AsyncSession, cache: Cache) -> None:
    """Delete a cache."""
    await session.delete(cache)
    await session.flush()
