"""SQL for accounts."""

from collections.abc import Sequence

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from accounts.tenants.models import Account


async def get(session: AsyncSession, account_id: str) -> Account | None:
    """Return an account by its id."""
    return await session.get(Account, account_id)


async def changed_since(session: AsyncSession, version: int) -> Sequence[tuple[str, int]]:
    """Return id and version of the accounts with this version or a newer one."""
    rows = await session.execute(select(Account.id, Account.version).where(Account.version >= version))
    return [(row.id, row.version) for row in rows]


async def add(session: AsyncSession, account_id: str, name: str, plan: str) -> None:
    """Keep a new account."""
    session.add(Account(id=account_id, name=name, plan=plan, version=await _next_version(session)))
    await session.flush()


async def touch(session: AsyncSession, account_id: str) -> None:
    """Note that something changed which routers must know of the account."""
    version = await _next_version(session)
    await session.execute(update(Account).where(Account.id == account_id).values(version=version))


async def _next_version(session: AsyncSession) -> int:
    return (await session.scalar(select(func.max(Account.version))) or 0) + 1
