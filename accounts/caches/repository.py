"""SQL for caches."""

from collections.abc import Sequence

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from accounts.caches.models import Cache


async def of_account(session: AsyncSession, account_id: str) -> Sequence[Cache]:
    """Return an account's caches in the order of their names."""
    return (await session.scalars(select(Cache).where(Cache.account_id == account_id).order_by(Cache.name))).all()


async def exists(session: AsyncSession, account_id: str, name: str) -> bool:
    """Whether the account has a cache of this name."""
    found = select(Cache.id).where(Cache.account_id == account_id, Cache.name == name)
    return await session.scalar(found) is not None


async def count(session: AsyncSession, account_id: str) -> int:
    """Return how many caches the account has."""
    return await session.scalar(select(func.count()).select_from(Cache).where(Cache.account_id == account_id)) or 0


async def add(session: AsyncSession, cache_id: str, account_id: str, name: str, *, durable: bool) -> None:
    """Keep a new cache."""
    session.add(Cache(id=cache_id, account_id=account_id, name=name, durable=durable))
    await session.flush()


async def set_durable(session: AsyncSession, account_id: str, name: str, *, durable: bool) -> bool:
    """Change whether a cache is durable; return whether there is one."""
    found = update(Cache).where(Cache.account_id == account_id, Cache.name == name).values(durable=durable)
    return await session.scalar(found.returning(Cache.id)) is not None


async def remove(session: AsyncSession, account_id: str, name: str) -> bool:
    """Delete a cache; return whether there was one."""
    gone = delete(Cache).where(Cache.account_id == account_id, Cache.name == name)
    return await session.scalar(gone.returning(Cache.id)) is not None
