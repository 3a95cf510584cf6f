"""SQL for memberships."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from accounts.memberships.models import Membership
from accounts.roles.system import OWNER
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


async def emails_of_owners(session: AsyncSession, account_id: str) -> Sequence[str]:
    """Return the e-mails of an account's owners."""
    owners = select(User.email).join(Membership, Membership.user_id == User.id)
    found = owners.where(Membership.account_id == account_id, Membership.role_id == OWNER)
    return (await session.scalars(found.order_by(User.email))).all()
