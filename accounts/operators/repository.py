"""SQL for operators of the installation."""

from collections.abc import Sequence

from sqlalchemy import delete, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from accounts.database.insert import insert_once
from accounts.operators.models import Operator, OperatorToken
from accounts.users.models import User


async def add(session: AsyncSession, user_id: str) -> bool:
    """Make a person an operator; return whether that is new."""
    return await insert_once(session, Operator, user_id=user_id)


async def is_one(session: AsyncSession, user_id: str) -> bool:
    """Whether a person is an operator."""
    return await session.get(Operator, user_id) is not None


async def everybody(session: AsyncSession) -> Sequence[tuple[Operator, str]]:
    """Return all operators with their e-mails."""
    found = select(Operator, User.email).join(User, User.id == Operator.user_id).order_by(User.email)
    return [(row[0], row[1]) for row in await session.execute(found)]


async def remove(session: AsyncSession, user_id: str) -> bool:
    """Take the right from a person; return whether they had it."""
    gone = delete(Operator).where(Operator.user_id == user_id).returning(Operator.user_id)
    return await session.scalar(gone) is not None


def add_token(session: AsyncSession, token: OperatorToken) -> None:
    """Keep a new token."""
    session.add(token)


async def token(session: AsyncSession, secret_hash: str, now: int) -> OperatorToken | None:
    """Return a token that has not expired."""
    unexpired = or_(OperatorToken.expires_at.is_(None), OperatorToken.expires_at > now)
    return await session.scalar(select(OperatorToken).where(OperatorToken.secret_hash == secret_hash, unexpired))


async def tokens(session: AsyncSession) -> Sequence[OperatorToken]:
    """Return all tokens, the oldest first."""
    return (await session.scalars(select(OperatorToken).order_by(OperatorToken.created_at, OperatorToken.id))).all()


async def remove_token(session: AsyncSession, token_id: str) -> bool:
    """Forget a token; return whether there was one."""
    gone = delete(OperatorToken).where(OperatorToken.id == token_id).returning(OperatorToken.id)
    return await session.scalar(gone) is not None
