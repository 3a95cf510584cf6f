"""SQL for roles, and for what uses them."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from accounts.keys.models import ApiKey
from accounts.keys.repository import holding
from accounts.memberships.models import Membership
from accounts.roles.models import Role


async def add(session: AsyncSession, role: Role) -> None:
    """Keep a new role."""
    session.add(role)
    await session.flush()


async def of_account(session: AsyncSession, account_id: str) -> Sequence[Role]:
    """Return the roles that an account made, in the order of their names."""
    mine = select(Role).where(Role.account_id == account_id)
    return (await session.scalars(mine.order_by(Role.name, Role.id))).all()


async def get(session: AsyncSession, account_id: str, role_id: str) -> Role | None:
    """Return a role that this account made."""
    return await session.scalar(select(Role).where(Role.account_id == account_id, Role.id == role_id))


async def remove(session: AsyncSession, role: Role) -> None:
    """Delete a role."""
    await session.delete(role)
    await session.flush()


async def keys_with(session: AsyncSession, account_id: str, role_id: str, now: int) -> Sequence[ApiKey]:
    """Return the keys of a role that are neither revoked nor expired, the oldest first."""
    keys = select(ApiKey).where(ApiKey.account_id == account_id, ApiKey.role_id == role_id, *holding(now))
    keys = keys.order_by(ApiKey.issued_at, ApiKey.id)
    return (await session.scalars(keys)).all()


async def members_with(session: AsyncSession, account_id: str, role_id: str) -> Sequence[str]:
    """Return the ids of the users who have a role in an account."""
    theirs = select(Membership.user_id).where(Membership.account_id == account_id, Membership.role_id == role_id)
    return (await session.scalars(theirs.order_by(Membership.user_id))).all()
