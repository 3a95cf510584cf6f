"""SQL for requests with an idempotency key."""

from sqlalchemy import delete, update
from sqlalchemy.ext.asyncio import AsyncSession

from accounts.database.insert import insert_once
from accounts.idempotency.models import IdempotentRequest


async def add_once(session: AsyncSession, key_hash: str, account_id: str | None, fingerprint: str, now: int) -> bool:
    """Keep a request that begins; return False where one with this key is kept already."""
    return await insert_once(
        session,
        IdempotentRequest,
        key_hash=key_hash,
        account_id=account_id,
        fingerprint=fingerprint,
        state="running",
        created_at=now,
    )


async def get(session: AsyncSession, key_hash: str) -> IdempotentRequest | None:
    """Return the request with this key."""
    return await session.get(IdempotentRequest, key_hash)


async def end(session: AsyncSession, key_hash: str, state: str, answer: bytes | None) -> None:
    """Note how a request ended."""
    mine = update(IdempotentRequest).where(IdempotentRequest.key_hash == key_hash)
    await session.execute(mine.values(state=state, answer=answer))


async def remove(session: AsyncSession, key_hash: str) -> None:
    """Forget a request."""
    await session.execute(delete(IdempotentRequest).where(IdempotentRequest.key_hash == key_hash))


async def remove_before(session: AsyncSession, time: int) -> None:
    """Forget the requests that were made before a time, in epoch seconds."""
    await session.execute(delete(IdempotentRequest).where(IdempotentRequest.created_at < time))
