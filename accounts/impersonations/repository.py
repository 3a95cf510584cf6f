"""SQL for looks of operators at accounts."""

from collections.abc import Sequence

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from accounts.impersonations.models import Impersonation


def add(session: AsyncSession, row: Impersonation) -> None:
    """Keep a new look."""
    session.add(row)


async def find(session: AsyncSession, secret_hash: str, now: int) -> Impersonation | None:
    """Return a look that has not ended."""
    found = select(Impersonation).where(Impersonation.secret_hash == secret_hash, Impersonation.expires_at > now)
    return await session.scalar(found)


async def everything(session: AsyncSession, now: int) -> Sequence[Impersonation]:
    """Return the looks that have not ended, the oldest first."""
    found = select(Impersonation).where(Impersonation.expires_at > now)
    return (await session.scalars(found.order_by(Impersonation.created_at, Impersonation.id))).all()


async def take(session: AsyncSession, impersonation_id: str) -> Impersonation | None:
    """End a look and return it."""
    gone = delete(Impersonation).where(Impersonation.id == impersonation_id).returning(Impersonation)
    return await session.scalar(gone)


async def take_of(session: AsyncSession, operator_id: str) -> Sequence[Impersonation]:
    """End the looks of an operator and return them."""
    gone = delete(Impersonation).where(Impersonation.operator_id == operator_id).returning(Impersonation)
    return (await session.scalars(gone)).all()


async def take_expired(session: AsyncSession, now: int) -> Sequence[Impersonation]:
    """End the looks whose time is over and return them."""
    gone = delete(Impersonation).where(Impersonation.expires_at <= now).returning(Impersonation)
    return (await session.scalars(gone)).all()
