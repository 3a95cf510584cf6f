"""SQL for people."""

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from accounts.users.models import User, UserToken


async def by_email(session: AsyncSession, email: str) -> User | None:
    """Return the person with this e-mail, in its normalised form."""
    return await session.scalar(select(User).where(User.email == email))


async def get(session: AsyncSession, user_id: str) -> User | None:
    """Return a person."""
    return await session.get(User, user_id)


async def get_alone(session: AsyncSession, user_id: str) -> User | None:
    """Return a person; others who ask so wait until this transaction has ended."""
    return await session.get(User, user_id, with_for_update=True, populate_existing=True)


async def add(session: AsyncSession, user: User) -> bool:
    """Keep a new person; return whether the e-mail was free. If not, the transaction is of no use any more."""
    session.add(user)
    try:
        await session.flush()
    except IntegrityError:
        return False
    return True


async def set_password(session: AsyncSession, user_id: str, password_hash: str) -> None:
    """Keep the hash of a new password."""
    await session.execute(update(User).where(User.id == user_id).values(password_hash=password_hash))


async def confirm(session: AsyncSession, user_id: str, now: int) -> None:
    """Note that a person reads what is sent to the e-mail."""
    mine = update(User).where(User.id == user_id, User.confirmed_at.is_(None))
    await session.execute(mine.values(confirmed_at=now))


def add_token(session: AsyncSession, token: UserToken) -> None:
    """Keep the hash of a token."""
    session.add(token)


async def take_token(session: AsyncSession, token_hash: str, purpose: str, now: int) -> str | None:
    """Use a token up; return whose it was. None for one that is not there, has expired or is for something else."""
    mine = delete(UserToken).where(UserToken.token_hash == token_hash, UserToken.purpose == purpose)
    taken = (await session.execute(mine.returning(UserToken.user_id, UserToken.expires_at))).first()
    return None if taken is None or taken.expires_at <= now else taken.user_id


async def remove_tokens(session: AsyncSession, user_id: str | None, purpose: str) -> None:
    """Make a person's tokens for one thing useless; without a person, those that were made for nobody."""
    await session.execute(delete(UserToken).where(UserToken.user_id == user_id, UserToken.purpose == purpose))


async def remove_expired_tokens(session: AsyncSession, now: int) -> None:
    """Forget the tokens that have expired."""
    await session.execute(delete(UserToken).where(UserToken.expires_at <= now))
