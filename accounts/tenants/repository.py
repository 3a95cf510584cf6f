"""SQL for accounts."""

from collections.abc import Sequence

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from accounts.database import Asked
from accounts.tenants.models import Account, Change

IDS_AT_ONCE = 500

NEWEST: Asked = select(func.max(Account.version))
"""The newest version of an account: another one after each change of any of them."""


async def get(session: AsyncSession, account_id: str) -> Account | None:
    """Return an account by its id."""
    return await session.get(Account, account_id)


async def get_alone(session: AsyncSession, account_id: str) -> Account | None:
    """Return an account by its id; others who ask so wait until this transaction has ended."""
    return await session.get(Account, account_id, with_for_update=True)


async def some(session: AsyncSession, ids: Sequence[str]) -> Sequence[Account]:
    """Return those of these accounts that there are."""
    found: list[Account] = []
    for start in range(0, len(ids), IDS_AT_ONCE):
        found += (await session.scalars(select(Account).where(Account.id.in_(ids[start : start + IDS_AT_ONCE])))).all()
    return found


async def changed_since(session: AsyncSession, version: int) -> Sequence[tuple[str, int]]:
    """Return id and version of the accounts with this version or a newer one."""
    rows = await session.execute(select(Account.id, Account.version).where(Account.version >= version))
    return [(row.id, row.version) for row in rows]


async def add(session: AsyncSession, account_id: str, name: str, plan: str) -> None:
    """Keep a new account."""
    session.add(Account(id=account_id, name=name, plan=plan, version=await _next_version(session)))
    await session.flush()


async def add_once(session: AsyncSession, account_id: str, name: str, plan: str) -> None:
    """Keep an account unless it is there. Of services that start together one does so, and the others wait for it."""
    if await session.get(Account, account_id) is not None:
        return
    version = await _next_version(session)
    if await session.scalar(select(Account.id).where(Account.id == account_id)) is None:
        session.add(Account(id=account_id, name=name, plan=plan, version=version))
        await session.flush()


async def touch(session: AsyncSession, account_id: str) -> None:
    """Note that something changed which routers must know of the account."""
    await get_alone(session, account_id)  # before the counter, in every transaction, or two could wait for each other
    version = await _next_version(session)
    await session.execute(update(Account).where(Account.id == account_id).values(version=version))


async def overtake(session: AsyncSession, version: int, account_ids: Sequence[str]) -> None:
    """Note a change of these accounts that is newer than `version`, which the database itself does not know of."""
    for account_id in sorted(account_ids):
        await get_alone(session, account_id)
    await session.execute(update(Change).where(Change.newest < version).values(newest=version))
    for account_id in account_ids:
        await touch(session, account_id)


async def _next_version(session: AsyncSession) -> int:
    # One statement, whose lock on the row makes versions appear in their order: a reader of all changes since a
    # version would miss one that is committed late.
    return await session.scalar(update(Change).values(newest=Change.newest + 1).returning(Change.newest)) or 0


async def time_zone(session: AsyncSession, account_id: str) -> str:
    """Return the name of an account's time zone; UTC where there is no such account."""
    return await session.scalar(select(Account.time_zone).where(Account.id == account_id)) or "UTC"


async def set_time_zone(session: AsyncSession, account_id: str, name: str) -> None:
    """Change an account's time zone; routers need not know."""
    await session.execute(update(Account).where(Account.id == account_id).values(time_zone=name))
