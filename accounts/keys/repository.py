"""SQL for API keys."""

from collections.abc import Mapping, Sequence

from sqlalchemy import func, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from accounts.keys.models import ApiKey
from accounts.paging import PageRequest


def add(session: AsyncSession, key: ApiKey) -> None:
    """Keep what is known of a new key."""
    session.add(key)


async def get(session: AsyncSession, account_id: str, key_id: str) -> ApiKey | None:
    """Return a key of this account."""
    return await session.scalar(select(ApiKey).where(ApiKey.account_id == account_id, ApiKey.id == key_id))


async def page(session: AsyncSession, account_id: str, now: int, asked: PageRequest) -> Sequence[ApiKey]:
    """Return a page of the keys that are neither revoked nor expired, the oldest first."""
    keys = select(ApiKey).where(ApiKey.account_id == account_id, ApiKey.revoked_at.is_(None), _unexpired(now))
    keys = keys.order_by(ApiKey.issued_at, ApiKey.id).limit(asked.fetch)
    if after := asked.after(int, str):
        keys = keys.where(tuple_(ApiKey.issued_at, ApiKey.id) > tuple_(*after))
    return (await session.scalars(keys)).all()


async def get_alone(session: AsyncSession, account_id: str, key_id: str) -> ApiKey | None:
    """Return a key of this account; others who ask so wait until this transaction has ended."""
    return await session.scalar(
        select(ApiKey).where(ApiKey.account_id == account_id, ApiKey.id == key_id).with_for_update()
    )


async def count(session: AsyncSession, account_id: str, now: int) -> int:
    """Return how many keys are neither revoked nor expired."""
    keys = select(func.count()).where(ApiKey.account_id == account_id, ApiKey.revoked_at.is_(None), _unexpired(now))
    return await session.scalar(keys) or 0


async def counts(session: AsyncSession, now: int) -> Mapping[str, int]:
    """Return how many keys of each account are neither revoked nor expired."""
    keys = select(ApiKey.account_id, func.count().label("have")).where(ApiKey.revoked_at.is_(None), _unexpired(now))
    return {row.account_id: row.have for row in await session.execute(keys.group_by(ApiKey.account_id))}


async def revoked(session: AsyncSession, account_id: str, now: int) -> Sequence[str]:
    """Return the ids of keys that were revoked and would hold otherwise."""
    keys = select(ApiKey.id).where(ApiKey.account_id == account_id, ApiKey.revoked_at.is_not(None), _unexpired(now))
    return (await session.scalars(keys)).all()


def _unexpired(now: int):  # noqa: ANN202 - SQLAlchemy's expression type says nothing to a reader
    return or_(ApiKey.expires_at.is_(None), ApiKey.expires_at > now)
