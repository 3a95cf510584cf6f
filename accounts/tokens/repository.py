"""SQL for revocations of tokens."""

from collections.abc import Sequence
from typing import cast

from sqlalchemy import CursorResult, delete, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from accounts.paging import PageRequest
from accounts.tokens.models import TokenRevocation


async def in_force(session: AsyncSession, account_id: str, now: int) -> Sequence[TokenRevocation]:
    """Return the revocations of an account by which tokens may be refused."""
    mine = select(TokenRevocation).where(TokenRevocation.account_id == account_id, TokenRevocation.forget_at > now)
    return (await session.scalars(mine)).all()


async def page(session: AsyncSession, account_id: str, now: int, asked: PageRequest) -> Sequence[TokenRevocation]:
    """Return a page of them, the oldest first."""
    mine = select(TokenRevocation).where(TokenRevocation.account_id == account_id, TokenRevocation.forget_at > now)
    mine = mine.order_by(TokenRevocation.created_at, TokenRevocation.id).limit(asked.fetch)
    if after := asked.after(int, str):
        mine = mine.where(tuple_(TokenRevocation.created_at, TokenRevocation.id) > tuple_(*after))
    return (await session.scalars(mine)).all()


async def count(session: AsyncSession, account_id: str, now: int) -> int:
    """Return how many there are."""
    mine = select(func.count()).where(TokenRevocation.account_id == account_id, TokenRevocation.forget_at > now)
    return await session.scalar(mine) or 0


async def latest(session: AsyncSession, account_id: str) -> int:
    """Return the latest second before which tokens were revoked; 0 where none were."""
    return (
        await session.scalar(select(func.max(TokenRevocation.until)).where(TokenRevocation.account_id == account_id))
        or 0
    )


async def get(session: AsyncSession, account_id: str, revocation_id: str) -> TokenRevocation | None:
    """Return a revocation of this account."""
    mine = (TokenRevocation.account_id == account_id, TokenRevocation.id == revocation_id)
    return await session.scalar(select(TokenRevocation).where(*mine))


async def of_text(session: AsyncSession, account_id: str, text: str, *, is_prefix: bool) -> TokenRevocation | None:
    """Return the revocation of these tokens."""
    mine = (TokenRevocation.account_id == account_id, TokenRevocation.text == text)
    return await session.scalar(select(TokenRevocation).where(*mine, TokenRevocation.is_prefix == is_prefix))


async def add(session: AsyncSession, revocation: TokenRevocation) -> None:
    """Keep a revocation, new or changed."""
    session.add(revocation)
    await session.flush()


async def remove(session: AsyncSession, revocation: TokenRevocation) -> None:
    """Take one back."""
    await session.delete(revocation)
    await session.flush()


async def forget(session: AsyncSession, now: int) -> int:
    """Delete those by which no token is refused any more; return how many."""
    gone = await session.execute(delete(TokenRevocation).where(TokenRevocation.forget_at <= now))
    return cast("CursorResult[None]", gone).rowcount
