"""SQL for credits and adjustments."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from accounts.balances.models import Adjustment, Credit
from accounts.paging import PageRequest


def add(session: AsyncSession, row: Credit | Adjustment) -> None:
    """Keep a credit or an adjustment."""
    session.add(row)


async def credits_left(session: AsyncSession, account_id: str, currency: str) -> Sequence[Credit]:
    """Return credits of which something is left, the oldest first."""
    found = select(Credit).where(Credit.account_id == account_id, Credit.currency == currency)
    rows = (await session.scalars(found.order_by(Credit.created_at, Credit.id))).all()
    return [row for row in rows if row.left > 0]


async def credit(session: AsyncSession, account_id: str, credit_id: str) -> Credit | None:
    """Return a credit of this account."""
    return await session.scalar(select(Credit).where(Credit.account_id == account_id, Credit.id == credit_id))


async def credits_page(session: AsyncSession, account_id: str, asked: PageRequest) -> Sequence[Credit]:
    """Return credits, the oldest first."""
    found = select(Credit).where(Credit.account_id == account_id)
    if after := asked.after(int, str):
        at, id = after
        found = found.where((Credit.created_at > at) | ((Credit.created_at == at) & (Credit.id > id)))
    return (await session.scalars(found.order_by(Credit.created_at, Credit.id).limit(asked.fetch))).all()


async def adjustments_open(session: AsyncSession, account_id: str) -> Sequence[Adjustment]:
    """Return the adjustments that are on no invoice yet, the oldest first."""
    found = select(Adjustment).where(Adjustment.account_id == account_id, Adjustment.invoice_id.is_(None))
    return (await session.scalars(found.order_by(Adjustment.created_at, Adjustment.id))).all()


async def adjustments_page(session: AsyncSession, account_id: str, asked: PageRequest) -> Sequence[Adjustment]:
    """Return adjustments, the oldest first."""
    found = select(Adjustment).where(Adjustment.account_id == account_id)
    if after := asked.after(int, str):
        at, id = after
        later = (Adjustment.created_at > at) | ((Adjustment.created_at == at) & (Adjustment.id > id))
        found = found.where(later)
    return (await session.scalars(found.order_by(Adjustment.created_at, Adjustment.id).limit(asked.fetch))).all()


async def adjustments_on(session: AsyncSession, invoice_id: str) -> Sequence[Adjustment]:
    """Return the adjustments that are on an invoice."""
    return (await session.scalars(select(Adjustment).where(Adjustment.invoice_id == invoice_id))).all()
