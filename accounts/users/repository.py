"""SQL for people."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from accounts.users.models import User


async def by_email(session: AsyncSession, email: str) -> User | None:
    """Return the person with this e-mail, in its normalised form."""
    return await session.scalar(select(User).where(User.email == email))


async def add(session: AsyncSession, user: User) -> None:
    """Keep a new person."""
    session.add(user)
    await session.flush()
