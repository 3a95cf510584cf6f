"""SQL for invitations."""

from collections.abc import Sequence

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from accounts.invitations.models import Invitation
from accounts.paging import PageRequest


async def replace(session: AsyncSession, invitation: Invitation) -> None:
    """Keep an invitation in place of an older one to the same e-mail."""
    old = delete(Invitation).where(Invitation.account_id == invitation.account_id, Invitation.email == invitation.email)
    await session.execute(old)
    session.add(invitation)
    await session.flush()


async def count(session: AsyncSession, account_id: str, now: int) -> int:
    """Return how many invitations of an account have not expired."""
    mine = select(func.count()).where(Invitation.account_id == account_id, Invitation.expires_at > now)
    return await session.scalar(mine) or 0


async def page(session: AsyncSession, account_id: str, now: int, asked: PageRequest) -> Sequence[Invitation]:
    """Return a page of the invitations that have not expired, in the order of their e-mails."""
    mine = select(Invitation).where(Invitation.account_id == account_id, Invitation.expires_at > now)
    if after := asked.after(str):
        mine = mine.where(Invitation.email > after[0])
    return (await session.scalars(mine.order_by(Invitation.email).limit(asked.fetch))).all()


async def by_token(session: AsyncSession, token_hash: str, now: int) -> Invitation | None:
    """Return the invitation with this token, unless it has expired."""
    return await session.scalar(
        select(Invitation).where(Invitation.token_hash == token_hash, Invitation.expires_at > now)
    )


async def take(session: AsyncSession, token_hash: str, now: int) -> Invitation | None:
    """Use an invitation up, and return it. None for one that is not there or has expired."""
    mine = delete(Invitation).where(Invitation.token_hash == token_hash, Invitation.expires_at > now)
    return await session.scalar(mine.returning(Invitation))


async def remove(session: AsyncSession, account_id: str, invitation_id: str) -> Invitation | None:
    """Take an invitation of this account back, and return it."""
    mine = delete(Invitation).where(Invitation.account_id == account_id, Invitation.id == invitation_id)
    return await session.scalar(mine.returning(Invitation))
