"""SQL for the keys that tokens are signed with."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, case, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from accounts.database import Asked
from accounts.database.insert import inserting
from accounts.keys.models import ApiKey
from accounts.keys.repository import holding
from accounts.signing.models import NEVER, LastingTokens, TokenSigningKey
from accounts.tenants.models import Change

NEWS: Asked = select(
    TokenSigningKey.kid,
    TokenSigningKey.public_key,
    TokenSigningKey.sealed,
    TokenSigningKey.signs_from,
    TokenSigningKey.retired_at,
).order_by(TokenSigningKey.kid)
"""All that a service knows of each key."""


@dataclass(frozen=True, slots=True)
class Signed:
    """How many of something a key has signed that still hold, and until when one does: epoch seconds, or `NEVER`."""

    count: int
    until: int


async def alone(session: AsyncSession) -> None:
    """Have others who change signing keys wait until this transaction has ended."""
    await session.execute(select(Change.newest).with_for_update())


async def in_use(session: AsyncSession) -> Sequence[TokenSigningKey]:
    """Return the keys that were not retired, in the order in which they have signed or will."""
    found = select(TokenSigningKey).where(TokenSigningKey.retired_at.is_(None))
    begin = func.coalesce(TokenSigningKey.signs_from, TokenSigningKey.created_at)
    return (await session.scalars(found.order_by(begin, TokenSigningKey.kid))).all()


async def known(session: AsyncSession) -> set[str]:
    """Return the ids of all keys that there ever were."""
    return set((await session.scalars(select(TokenSigningKey.kid))).all())


def add(session: AsyncSession, key: TokenSigningKey) -> None:
    """Keep a new key."""
    session.add(key)


async def note(session: AsyncSession, kid: str, account_id: str, until: int) -> None:
    """Count one more token that is kept nowhere."""
    row = inserting(session, LastingTokens).values(kid=kid, account_id=account_id, count=1, until=until)
    later = case((row.excluded.until > LastingTokens.until, row.excluded.until), else_=LastingTokens.until)
    counted = {"count": LastingTokens.count + 1, "until": later}
    await session.execute(row.on_conflict_do_update(index_elements=["kid", "account_id"], set_=counted))


async def signed_keys(session: AsyncSession, key: TokenSigningKey, now: int) -> Signed:
    """Return what holds of the API keys that a key has signed."""
    until = func.max(func.coalesce(ApiKey.ends_at, ApiKey.expires_at, NEVER))
    row = (await session.execute(select(func.count(), until).where(*_signed_by(key, now)))).one()
    return Signed(row[0], row[1] or 0)


async def some_keys(session: AsyncSession, key: TokenSigningKey, now: int, most: int) -> Sequence[ApiKey]:
    """Return some of these API keys."""
    found = select(ApiKey).where(*_signed_by(key, now)).order_by(ApiKey.account_id, ApiKey.id).limit(most)
    return (await session.scalars(found)).all()


async def lasting(session: AsyncSession, kid: str, now: int) -> Sequence[LastingTokens]:
    """Return what is known of the tokens that a key has signed, are kept nowhere, and may hold."""
    found = select(LastingTokens).where(LastingTokens.kid == kid, LastingTokens.until > now)
    return (await session.scalars(found.order_by(LastingTokens.account_id))).all()


async def revoke_keys(session: AsyncSession, kid: str, now: int) -> Sequence[ApiKey]:
    """Note of the API keys that a key is known to have signed that they hold no more; return them."""
    mine = update(ApiKey).where(ApiKey.kid == kid, *holding(now)).values(revoked_at=now).returning(ApiKey)
    return (await session.scalars(mine, execution_options={"synchronize_session": False})).all()


def _signed_by(key: TokenSigningKey, now: int) -> tuple[ColumnElement[bool], ...]:
    # Versions that kept keys in files did not note which of them had signed an API key.
    mine = or_(ApiKey.kid == key.kid, ApiKey.kid.is_(None)) if key.from_file else ApiKey.kid == key.kid
    return mine, *holding(now)
