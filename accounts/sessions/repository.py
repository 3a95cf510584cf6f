"""SQL for log-ins."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import ColumnElement, delete, false, func, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from accounts.memberships.models import Membership
from accounts.operators.models import Operator
from accounts.paging import PageRequest
from accounts.sessions.models import PREFIX, Session
from accounts.users.models import User

_ID = re.compile(rf"{PREFIX}[0-9a-f]{{32}}")


class Found(NamedTuple):
    """A log-in, what its owner is in the account, and whether they operate the installation."""

    session: Session
    role_id: str
    is_confirmed: bool
    operates: bool = False


def add(session: AsyncSession, row: Session) -> None:
    """Keep a new log-in."""
    session.add(row)


async def find(session: AsyncSession, secret_hash: str, now: int) -> Found | None:
    """Return a log-in that has not expired, of somebody who is still a member of the account."""
    mine = (Membership.account_id == Session.account_id) & (Membership.user_id == Session.user_id)
    found = (
        select(Session, Membership.role_id, User.confirmed_at, Operator.user_id.is_not(None))
        .join(Membership, mine)
        .join(User, User.id == Session.user_id)
        .outerjoin(Operator, Operator.user_id == Session.user_id)
        .where(Session.secret_hash == secret_hash, Session.expires_at > now)
    )
    row = (await session.execute(found)).first()
    return None if row is None else Found(row[0], row[1], row[2] is not None, row[3])


async def get_alone(session: AsyncSession, user_id: str, session_id: str, now: int) -> Found | None:
    """Return a log-in as `find` does, by its id; it neither ends nor changes until this transaction has ended."""
    mine = (Membership.account_id == Session.account_id) & (Membership.user_id == Session.user_id)
    found = select(Session, Membership.role_id).join(Membership, mine)
    found = found.where(Session.user_id == user_id, _is(session_id), Session.expires_at > now)
    row = (await session.execute(found.with_for_update())).first()
    return None if row is None else Found(row[0], row[1], is_confirmed=True)


async def user_of(session: AsyncSession, secret_hash: str) -> str | None:
    """Return who has logged in with this secret."""
    return await session.scalar(select(Session.user_id).where(Session.secret_hash == secret_hash))


async def users_in(session: AsyncSession, account_id: str) -> Sequence[str]:
    """Return the people who have a log-in that works in this account."""
    found = select(Session.user_id).where(Session.account_id == account_id)
    return (await session.scalars(found.distinct())).all()


async def page(session: AsyncSession, user_id: str, now: int, asked: PageRequest) -> Sequence[Session]:
    """Return a page of a person's log-ins that have not expired, the oldest first."""
    mine = select(Session).where(Session.user_id == user_id, Session.expires_at > now)
    if after := asked.after(int, str):
        mine = mine.where(tuple_(Session.created_at, Session.secret_hash) > tuple_(*after))
    return (await session.scalars(mine.order_by(Session.created_at, Session.secret_hash).limit(asked.fetch))).all()


async def note_use(session: AsyncSession, secret_hash: str, now: int) -> None:
    """Note that a log-in is used."""
    await session.execute(update(Session).where(Session.secret_hash == secret_hash).values(used_at=now))


async def move(session: AsyncSession, session_id: str, account_id: str) -> None:
    """Have a log-in work in another account."""
    await session.execute(update(Session).where(_is(session_id)).values(account_id=account_id))


async def end(session: AsyncSession, secret_hash: str) -> Session | None:
    """End a log-in, and return it."""
    return await session.scalar(delete(Session).where(Session.secret_hash == secret_hash).returning(Session))


async def end_one(session: AsyncSession, user_id: str, session_id: str) -> Session | None:
    """End a log-in of this person, and return it."""
    mine = delete(Session).where(Session.user_id == user_id, _is(session_id))
    return await session.scalar(mine.returning(Session))


async def end_others(session: AsyncSession, user_id: str, session_id: str) -> int:
    """End all log-ins of a person but one; return how many there were."""
    others = delete(Session).where(Session.user_id == user_id, ~_is(session_id))
    return len((await session.scalars(others.returning(Session.secret_hash))).all())


async def end_in_account(session: AsyncSession, account_id: str, user_id: str) -> None:
    """End a person's log-ins that work in an account."""
    await session.execute(delete(Session).where(Session.account_id == account_id, Session.user_id == user_id))


async def remove_expired(session: AsyncSession, now: int) -> None:
    """Forget the log-ins that have expired."""
    await session.execute(delete(Session).where(Session.expires_at <= now))


def _is(session_id: str) -> ColumnElement[bool]:
    digits = session_id.removeprefix(PREFIX)
    return func.substr(Session.secret_hash, 1, len(digits)) == digits if _ID.fullmatch(session_id) else false()
