"""SQL for people."""

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from accounts.users.models import User


async def by_email(session: AsyncSession, email: str) -> User | None:
    """Return the person with this e-mail, in its normalised form."""
    return await session.scalar(select(User).where(User.email == email))


async def add(session: AsyncSession, user: User) -> bool:
    """Keep a new person; return whether the e-mail was free. If not, the transaction is of no use any more."""
    session.add(user)
    try:
        await session.flush()
    except IntegrityError:
        return False
    return True
