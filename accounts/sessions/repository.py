"""SQL for log-ins."""

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from accounts.sessions.models import Session


def add(session: AsyncSession, row: Session) -> None:
    """Keep a new log-in."""
    session.add(row)


async def get(session: AsyncSession, secret_hash: str, now: int) -> Session | None:
    """Return a log-in that has not expired."""
    return await session.scalar(select(Session).where(Session.secret_hash == secret_hash, Session.expires_at > now))


async def remove(session: AsyncSession, secret_hash: str) -> None:
    """End a log-in."""
    await session.execute(delete(Session).where(Session.secret_hash == secret_hash))


async def remove_expired(session: AsyncSession, now: int) -> None:
    """Forget the log-ins that have expired."""
    await session.execute(delete(Session).where(Session.expires_at <= now))
