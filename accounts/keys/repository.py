"""SQL for API keys."""

from collections.abc import Sequence

from sqlalchemy import func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from accounts.keys.models import ApiKey


def add(session: AsyncSession, key: ApiKey) -> None:
    """Keep what is known of a new key."""
    session.add(key)


async def get(session: AsyncSession, account_id: str, key_id: str) -> ApiKey | None:
    """Return a key of this account."""
    return await session.scalar(select(ApiKey).where(ApiKey.account_id == account_id, ApiKey.id == key_id))


async def in_force(session: AsyncSession, account_id: str, now: int) -> Sequence[ApiKey]:
    """Return the keys that are neither revoked nor expired, the oldest first."""
    keys = select(ApiKey).where(ApiKey.account_id == account_id, ApiKey.revoked_at.is_(None), _unexpired(now))
    return (await session.scalars(keys.order_by(ApiKey.issued_at, ApiKey.id))).all()


async def count(session: AsyncSession, account_id: str, now: int) -> int:
    """Return how many keys are neither revoked nor expired."""
    keys = select(func.count()).where(ApiKey.account_id == account_id, ApiKey.revoked_at.is_(None), _unexpired(now))
    return await session.scalar(keys) or 0


async def revoked(session: AsyncSession, account_id: str, now: int) -> Sequence[str]:
    """Return the ids of keys that were revoked and would hold otherwise."""
    keys = select(ApiKey.id).where(ApiKey.account_id == account_id, ApiKey.revoked_at.is_not(None), _unexpired(now))
    return (await session.scalars(keys)).all()


async def revoke(session: AsyncSession, account_id: str, key_id: str, now: int) -> None:
    """Note when a key was revoked."""
    mine = (ApiKey.account_id == account_id, ApiKey.id == key_id, ApiKey.revoked_at.is_(None))
    await session.execute(update(ApiKey).where(*mine).values(revoked_at=now))


def _unexpired(now: int):  # noqa: ANN202 - SQLAlchemy's expression type says nothing to a reader
    return or_(ApiKey.expires_at.is_(None), ApiKey.expires_at > now)
