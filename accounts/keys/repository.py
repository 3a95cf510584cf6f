"""SQL for API keys."""

from collections.abc import Mapping, Sequence

from sqlalchemy import ColumnElement, func, or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from accounts.keys.models import ApiKey
from accounts.paging import PageRequest


def add(session: AsyncSession, key: ApiKey) -> None:
    """Keep what is known of a new key."""
    session.add(key)


async def get(session: AsyncSession, account_id: str, key_id: str) -> ApiKey | None:
    """Return a key of this account."""
    return await session.scalar(select(ApiKey).where(ApiKey.account_id == account_id, ApiKey.id == key_id))


async def page(
    session: AsyncSession, account_id: str, now: int, asked: PageRequest, role_ids: Sequence[str] | None = None
) -> Sequence[ApiKey]:
    """Return a page of the keys that are neither revoked nor expired, of these roles or of any; the oldest first."""
    keys = select(ApiKey).where(ApiKey.account_id == account_id, *holding(now))
    if role_ids is not None:
        keys = keys.where(ApiKey.role_id.in_(role_ids))
    keys = keys.order_by(ApiKey.issued_at, ApiKey.id).limit(asked.fetch)
    if after := asked.after(int, str):
        keys = keys.where(tuple_(ApiKey.issued_at, ApiKey.id) > tuple_(*after))
    return (await session.scalars(keys)).all()


async def get_alone(session: AsyncSession, account_id: str, key_id: str) -> ApiKey | None:
    """Return a key of this account; others who ask so wait until this transaction has ended."""
    return await session.scalar(
        select(ApiKey).where(ApiKey.account_id == account_id, ApiKey.id == key_id).with_for_update()
    )


async def count(session: AsyncSession, account_id: str, now: int, *, replaced: bool = False) -> int:
    """Return how many keys hold and were not replaced; or how many hold although they were."""
    keys = select(func.count()).where(ApiKey.account_id == account_id, *holding(now))
    was_replaced = ApiKey.replaced_by.is_not(None) if replaced else ApiKey.replaced_by.is_(None)
    return await session.scalar(keys.where(was_replaced)) or 0


async def holds(session: AsyncSession, account_id: str, key_id: str, now: int) -> bool:
    """Whether the account has a key of this id that is neither revoked nor expired."""
    mine = (ApiKey.account_id == account_id, ApiKey.id == key_id)
    return await session.scalar(select(ApiKey.id).where(*mine, *holding(now))) is not None


async def counts(session: AsyncSession, now: int) -> Mapping[str, int]:
    """Return how many keys of each account are neither revoked nor expired."""
    keys = select(ApiKey.account_id, func.count().label("have")).where(ApiKey.revoked_at.is_(None), _unexpired(now))
    return {row.account_id: row.have for row in await session.execute(keys.group_by(ApiKey.account_id))}


async def revoked(session: AsyncSession, account_id: str, now: int) -> Sequence[str]:
    """Return the ids of keys that were revoked and have not expired."""
    keys = select(ApiKey.id).where(ApiKey.account_id == account_id, ApiKey.revoked_at.is_not(None), _unexpired(now))
    return (await session.scalars(keys)).all()


async def ends(session: AsyncSession, account_id: str, now: int) -> Mapping[str, int]:
    """Return the ids of keys that were replaced and have not expired, with the epoch second in which they end."""
    keys = select(ApiKey.id, ApiKey.ends_at).where(
        ApiKey.account_id == account_id, ApiKey.ends_at.is_not(None), ApiKey.revoked_at.is_(None), _unexpired(now)
    )
    return {row.id: row.ends_at or 0 for row in await session.execute(keys)}


async def note_use(session: AsyncSession, account_id: str, key_id: str, at: int, address: str) -> bool:
    """Keep the last use of a key unless a later one is known; return whether it was kept."""
    mine = (ApiKey.account_id == account_id, ApiKey.id == key_id)
    earlier = or_(ApiKey.last_used_at.is_(None), ApiKey.last_used_at < at)
    noted = update(ApiKey).where(*mine, earlier).values(last_used_at=at, last_used_address=address)
    return await session.scalar(noted.returning(ApiKey.id)) is not None


def holding(now: int) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions of a key that is neither revoked nor expired."""
    return ApiKey.revoked_at.is_(None), _unexpired(now), or_(ApiKey.ends_at.is_(None), ApiKey.ends_at > now)


def _unexpired(now: int) -> ColumnElement[bool]:
    return or_(ApiKey.expires_at.is_(None), ApiKey.expires_at > now)
