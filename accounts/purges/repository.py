"""SQL for what is still to be removed elsewhere."""

from collections.abc import Iterable, Sequence

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from accounts.database.insert import insert_all_once
from accounts.purges.models import Purge


async def add(session: AsyncSession, account_id: str, cache_ids: Iterable[str], now: int) -> None:
    """Have these caches of an account purged; an empty id stands for the account itself."""
    rows = [{"account_id": account_id, "cache_id": cache_id, "deleted_at": now, "passes": 0} for cache_id in cache_ids]
    if rows:
        await insert_all_once(session, Purge, rows)


async def everything(session: AsyncSession) -> Sequence[Purge]:
    """Return all that is still to be removed, the oldest first."""
    return (await session.scalars(select(Purge).order_by(Purge.deleted_at, Purge.account_id, Purge.cache_id))).all()


async def note_pass(session: AsyncSession, purge: Purge) -> None:
    """Note that it was removed once."""
    mine = (Purge.account_id == purge.account_id, Purge.cache_id == purge.cache_id)
    await session.execute(update(Purge).where(*mine).values(passes=purge.passes + 1))


async def remove(session: AsyncSession, purge: Purge) -> None:
    """Forget it: it is removed for good."""
    await session.execute(delete(Purge).where(Purge.account_id == purge.account_id, Purge.cache_id == purge.cache_id))
