"""SQL for budgets."""

from collections.abc import Collection, Sequence

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from accounts.budgets.models import Budget


def add(session: AsyncSession, row: Budget) -> None:
    """Keep a new budget."""
    session.add(row)


async def of_account(session: AsyncSession, account_id: str) -> Sequence[Budget]:
    """Return an account's budgets, the oldest first."""
    found = select(Budget).where(Budget.account_id == account_id).order_by(Budget.created_at, Budget.id)
    return (await session.scalars(found)).all()


async def get(session: AsyncSession, account_id: str, budget_id: str) -> Budget | None:
    """Return a budget of this account."""
    return await session.scalar(select(Budget).where(Budget.account_id == account_id, Budget.id == budget_id))


async def caps(session: AsyncSession, account_id: str) -> Sequence[Budget]:
    """Return an account's budgets that do more than to warn, whether or not they are reached."""
    found = select(Budget).where(Budget.account_id == account_id, Budget.mode != "warn").order_by(Budget.id)
    return (await session.scalars(found)).all()


async def accounts_with(session: AsyncSession, among: Collection[str] | None = None) -> Sequence[str]:
    """Return the accounts that have a budget, of all or of those given."""
    found = select(Budget.account_id).distinct().order_by(Budget.account_id)
    if among is not None:
        found = found.where(Budget.account_id.in_(among))
    return (await session.scalars(found)).all()


async def remove(session: AsyncSession, budget_id: str) -> None:
    """Forget a budget."""
    await session.execute(delete(Budget).where(Budget.id == budget_id))
