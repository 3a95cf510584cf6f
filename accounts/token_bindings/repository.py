"""SQL for what ties tokens to log-ins."""

from collections.abc import Sequence
from typing import cast

from sqlalchemy import ColumnElement, CursorResult, delete, exists, func, literal, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from accounts.sessions.models import ID_DIGITS, PREFIX, Session
from accounts.token_bindings.models import TokenBinding


async def live(session: AsyncSession, account_id: str, session_id: str) -> TokenBinding | None:
    """Return the binding of a log-in to an account that has not ended."""
    mine = (TokenBinding.account_id == account_id, TokenBinding.session_id == session_id)
    return await session.scalar(select(TokenBinding).where(*mine, TokenBinding.ended_at.is_(None)))


def add(session: AsyncSession, binding: TokenBinding) -> None:
    """Keep a new one."""
    session.add(binding)


async def accounts_of(session: AsyncSession, user_id: str, now: int) -> Sequence[str]:
    """Return the accounts, in order, in which tokens of this person may hold."""
    found = select(TokenBinding.account_id).where(TokenBinding.user_id == user_id, *_holding(now))
    return (await session.scalars(found.distinct().order_by(TokenBinding.account_id))).all()


async def end_without_log_in(session: AsyncSession, user_id: str, now: int) -> Sequence[str]:
    """End the bindings of this person whose log-in is gone; return their accounts in order."""
    its_id = literal(PREFIX) + func.substr(Session.secret_hash, 1, ID_DIGITS)
    log_in = select(Session.secret_hash).where(Session.user_id == user_id, its_id == TokenBinding.session_id)
    return await _end(session, now, TokenBinding.user_id == user_id, ~exists(log_in))


async def end_in_account(session: AsyncSession, account_id: str, user_id: str, now: int) -> Sequence[str]:
    """End the bindings of a person to an account; return the account where there were any."""
    return await _end(session, now, TokenBinding.account_id == account_id, TokenBinding.user_id == user_id)


async def ended(session: AsyncSession, account_id: str, now: int) -> Sequence[str]:
    """Return the ids by which tokens of an account are refused that would hold otherwise."""
    mine = (TokenBinding.account_id == account_id, TokenBinding.ended_at.is_not(None), TokenBinding.expires_at > now)
    return (await session.scalars(select(TokenBinding.id).where(*mine))).all()


async def forget(session: AsyncSession, now: int) -> int:
    """Delete those whose tokens have all expired; return how many."""
    gone = await session.execute(delete(TokenBinding).where(TokenBinding.expires_at <= now))
    return cast("CursorResult[None]", gone).rowcount


async def _end(session: AsyncSession, now: int, *which: ColumnElement[bool]) -> Sequence[str]:
    marked = update(TokenBinding).where(*which, *_holding(now)).values(ended_at=now)
    found = await session.scalars(
        marked.returning(TokenBinding.account_id), execution_options={"synchronize_session": False}
    )
    return sorted(set(found.all()))


def _holding(now: int) -> tuple[ColumnElement[bool], ...]:
    return TokenBinding.ended_at.is_(None), TokenBinding.expires_at > now
