"""SQL for memberships."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import delete, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from accounts.memberships.models import Membership
from accounts.operators.models import Operator
from accounts.paging import PageRequest
from accounts.roles.system import OWNER
from accounts.tenants.models import Account
from accounts.users.models import User


class Person(NamedTuple):
    """A member, as others see them."""

    user_id: str
    email: str
    role_id: str


def add(session: AsyncSession, account_id: str, user_id: str, role_id: str) -> None:
    """Make a person a member."""
    session.add(Membership(account_id=account_id, user_id=user_id, role_id=role_id))


async def first_of(session: AsyncSession, user_id: str) -> Membership | None:
    """Return the membership that a log-in begins with."""
    mine = select(Membership).where(Membership.user_id == user_id).order_by(Membership.account_id)
    return await session.scalar(mine.limit(1))


async def accounts_of(session: AsyncSession, user_id: str) -> Sequence[str]:
    """Return the ids of the accounts that a person is a member of."""
    mine = select(Membership.account_id).where(Membership.user_id == user_id).order_by(Membership.account_id)
    return (await session.scalars(mine)).all()


async def role(session: AsyncSession, account_id: str, user_id: str) -> str | None:
    """Return the role of a person in an account; None for somebody who is not a member."""
    mine = select(Membership.role_id).where(Membership.account_id == account_id, Membership.user_id == user_id)
    return await session.scalar(mine)


async def people_with(session: AsyncSession, account_id: str, role_ids: Sequence[str]) -> Sequence[Person]:
    """Return the members that have one of these roles, in the order of their e-mails."""
    people = select(User.id, User.email, Membership.role_id).join(Membership, Membership.user_id == User.id)
    found = people.where(Membership.account_id == account_id, Membership.role_id.in_(role_ids))
    return [Person(row.id, row.email, row.role_id) for row in await session.execute(found.order_by(User.email))]


async def page(session: AsyncSession, account_id: str, asked: PageRequest) -> Sequence[tuple[Membership, str]]:
    """Return a page of an account's members with their e-mails, in the order of these."""
    mine = select(Membership, User.email).join(User, User.id == Membership.user_id)
    mine = mine.where(Membership.account_id == account_id).order_by(User.email).limit(asked.fetch)
    if after := asked.after(str):
        mine = mine.where(User.email > after[0])
    return [(row[0], row[1]) for row in await session.execute(mine)]


async def find(session: AsyncSession, account_id: str, user_id: str) -> tuple[Membership, str] | None:
    """Return a member of an account with the e-mail."""
    mine = select(Membership, User.email).join(User, User.id == Membership.user_id)
    row = (
        await session.execute(mine.where(Membership.account_id == account_id, Membership.user_id == user_id))
    ).first()
    return None if row is None else (row[0], row[1])


async def has_other_owner(session: AsyncSession, account_id: str, user_id: str) -> bool:
    """Whether an account has an owner beside this person."""
    others = select(Membership.user_id).where(
        Membership.account_id == account_id, Membership.role_id == OWNER, Membership.user_id != user_id
    )
    return await session.scalar(others.limit(1)) is not None


async def is_member(session: AsyncSession, account_id: str, email: str) -> bool:
    """Whether somebody with this e-mail, in its normalised form, is a member of an account."""
    mine = select(Membership.user_id).join(User, User.id == Membership.user_id)
    return await session.scalar(mine.where(Membership.account_id == account_id, User.email == email)) is not None


async def remove(session: AsyncSession, membership: Membership) -> None:
    """Make somebody no member any more."""
    await session.delete(membership)
    await session.flush()


async def forget_homeless(session: AsyncSession, user_ids: Sequence[str]) -> Sequence[str]:
    """Forget those of these people who are in no account, so that they may sign up anew; return who they were.

    Operators of the installation stay: nobody who manages an account takes that right away.
    """
    member = select(Membership.user_id).where(Membership.user_id == User.id)
    operates = select(Operator.user_id).where(Operator.user_id == User.id)
    gone = delete(User).where(User.id.in_(user_ids), ~exists(member), ~exists(operates)).returning(User.id)
    return (await session.scalars(gone, execution_options={"synchronize_session": False})).all()


async def page_of_accounts(
    session: AsyncSession, user_id: str, asked: PageRequest
) -> Sequence[tuple[Membership, Account]]:
    """Return a page of the accounts that a person is a member of, in the order of their ids."""
    mine = select(Membership, Account).join(Account, Account.id == Membership.account_id)
    mine = mine.where(Membership.user_id == user_id).order_by(Membership.account_id).limit(asked.fetch)
    if after := asked.after(str):
        mine = mine.where(Membership.account_id > after[0])
    return [(row[0], row[1]) for row in await session.execute(mine)]


async def count_owned(session: AsyncSession, user_id: str) -> int:
    """Return how many accounts a person owns."""
    mine = select(func.count()).where(Membership.user_id == user_id, Membership.role_id == OWNER)
    return await session.scalar(mine) or 0


async def emails_of_owners(session: AsyncSession, account_id: str) -> Sequence[str]:
    """Return the e-mails of an account's owners."""
    owners = select(User.email).join(Membership, Membership.user_id == User.id)
    found = owners.where(Membership.account_id == account_id, Membership.role_id == OWNER)
    return (await session.scalars(found.order_by(User.email))).all()
