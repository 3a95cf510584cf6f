"""SQL for second factors."""

from collections.abc import Iterable

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from accounts.second_factors.models import RecoveryCode, SecondFactor


async def get(session: AsyncSession, user_id: str) -> SecondFactor | None:
    """Return a person's authenticator, confirmed or not."""
    return await session.get(SecondFactor, user_id)


async def put(session: AsyncSession, factor: SecondFactor) -> None:
    """Keep a new authenticator in place of one that was never confirmed."""
    await session.merge(factor)


async def remove(session: AsyncSession, user_id: str) -> None:
    """Forget a person's authenticator and recovery codes."""
    await session.execute(delete(SecondFactor).where(SecondFactor.user_id == user_id))
    await session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))


async def confirm(session: AsyncSession, user_id: str, now: int) -> None:
    """Note that the authenticator works."""
    await session.execute(update(SecondFactor).where(SecondFactor.user_id == user_id).values(confirmed_at=now))


async def use_step(session: AsyncSession, user_id: str, step: int) -> bool:
    """Use a period's code up; return whether neither it nor a later one was used before."""
    mine = update(SecondFactor).where(SecondFactor.user_id == user_id, SecondFactor.last_step < step)
    return await session.scalar(mine.values(last_step=step).returning(SecondFactor.user_id)) is not None


async def use_code(session: AsyncSession, user_id: str, code_hash: str) -> bool:
    """Use a recovery code up; return whether there was such a one."""
    mine = delete(RecoveryCode).where(RecoveryCode.user_id == user_id, RecoveryCode.code_hash == code_hash)
    return await session.scalar(mine.returning(RecoveryCode.user_id)) is not None


async def replace_codes(session: AsyncSession, user_id: str, hashes: Iterable[str]) -> None:
    """Keep new recovery codes in place of the old ones."""
    await session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
    session.add_all(RecoveryCode(user_id=user_id, code_hash=code_hash) for code_hash in hashes)


async def count_codes(session: AsyncSession, user_id: str) -> int:
    """Return how many recovery codes are left."""
    mine = select(func.count()).select_from(RecoveryCode).where(RecoveryCode.user_id == user_id)
    return await session.scalar(mine) or 0
