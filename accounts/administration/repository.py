"""SQL for what operators ask of all accounts."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import delete, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from accounts.memberships import repository as memberships
from accounts.memberships.models import Membership
from accounts.paging import PageRequest
from accounts.tenants.models import Account
from accounts.users.models import User


class MemberRow(NamedTuple):
    """A member of an account."""

    user_id: str
    email: str
    role_id: str


async def page(session: AsyncSession, asked: PageRequest, query: str, *, suspended: bool | None) -> Sequence[Account]:
    """Return a page of accounts in the order in which they were made.

    `query` is an id, or a part of the account's name or of a member's e-mail; an empty one finds all.
    """
    found = select(Account).order_by(Account.created_at, Account.id).limit(asked.fetch)
    if query:
        of_account = Membership.account_id == Account.id
        by_email = select(Membership.user_id).join(User, User.id == Membership.user_id)
        by_email = by_email.where(of_account, User.email.icontains(query, autoescape=True))
        by_name = Account.name.icontains(query, autoescape=True)
        found = found.where(or_(Account.id == query, by_name, exists(by_email.correlate(Account))))
    if suspended is not None:
        found = found.where(Account.suspended.is_(suspended))
    if after := asked.after(int, str):
        at, id = after
        found = found.where(or_(Account.created_at > at, (Account.created_at == at) & (Account.id > id)))
    return (await session.scalars(found)).all()


async def members(session: AsyncSession, account_id: str) -> Sequence[MemberRow]:
    """Return the members of an account in the order of their e-mails."""
    found = select(User.id, User.email, Membership.role_id).join(Membership, Membership.user_id == User.id)
    rows = await session.execute(found.where(Membership.account_id == account_id).order_by(User.email))
    return [MemberRow(*row) for row in rows]


async def remove(session: AsyncSession, account: Account) -> Sequence[str]:
    """Delete an account with all that belongs to it; return the people who were in it and are in no other now.

    Those go too; see `memberships.forget_homeless`.
    """
    people = [row.user_id for row in await members(session, account.id)]
    await session.execute(delete(Account).where(Account.id == account.id))
    return await memberships.forget_homeless(session, people)
