"""SQL for sign-ups that are not confirmed yet."""

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from accounts.signups.models import SignUp


def add(session: AsyncSession, sign_up: SignUp) -> None:
    """Keep a sign-up until it is confirmed."""
    session.add(sign_up)


async def take(session: AsyncSession, token_hash: str, now: int) -> SignUp | None:
    """Use a token up; return the sign-up that it was for. None for one that is not there or has expired."""
    mine = delete(SignUp).where(SignUp.token_hash == token_hash, SignUp.expires_at > now)
    return await session.scalar(mine.returning(SignUp))


async def remove_for(session: AsyncSession, email: str) -> None:
    """Forget the other sign-ups with an e-mail."""
    await session.execute(delete(SignUp).where(SignUp.email == email))


async def remove_expired(session: AsyncSession, now: int) -> None:
    """Forget what was not confirmed in time."""
    await session.execute(delete(SignUp).where(SignUp.expires_at <= now))
