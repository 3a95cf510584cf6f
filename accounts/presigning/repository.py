"""SQL for the signing keys of accounts."""

from collections.abc import Sequence

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from accounts.presigning.models import SigningKey


def add(session: AsyncSession, key: SigningKey) -> None:
    """Keep what is known of a new key."""
    session.add(key)


async def of_account(session: AsyncSession, account_id: str, now: int) -> Sequence[SigningKey]:
    """Return the keys that have not expired, the oldest first."""
    mine = select(SigningKey).where(SigningKey.account_id == account_id, SigningKey.expires_at > now)
    return (await session.scalars(mine.order_by(SigningKey.created_at, SigningKey.id))).all()


async def remove(session: AsyncSession, account_id: str, key_id: str) -> bool:
    """Forget a key; return whether there was one."""
    gone = delete(SigningKey).where(SigningKey.account_id == account_id, SigningKey.id == key_id)
    return (await session.scalar(gone.returning(SigningKey.id))) is not None
