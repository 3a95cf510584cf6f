"""SQL for payment providers."""

from collections.abc import Mapping, Sequence

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from accounts.payments.models import PaymentCustomer, PaymentReport


def add(session: AsyncSession, row: PaymentCustomer | PaymentReport) -> None:
    """Keep a customer or a report."""
    session.add(row)


async def customers(session: AsyncSession, provider: str) -> Sequence[PaymentCustomer]:
    """Return the customers of a provider."""
    found = select(PaymentCustomer).where(PaymentCustomer.provider == provider)
    return (await session.scalars(found.order_by(PaymentCustomer.account_id))).all()


async def customer(session: AsyncSession, account_id: str) -> PaymentCustomer | None:
    """Return an account as its provider knows it."""
    return await session.get(PaymentCustomer, account_id)


async def remove(session: AsyncSession, account_id: str) -> None:
    """Forget which customer an account is."""
    await session.execute(delete(PaymentCustomer).where(PaymentCustomer.account_id == account_id))


async def reports(session: AsyncSession, account_id: str, since: int) -> Mapping[tuple[str, int], PaymentReport]:
    """Return what was told of an account, by meter and hour, from an epoch second on."""
    found = select(PaymentReport).where(PaymentReport.account_id == account_id, PaymentReport.hour >= since)
    return {(row.meter, row.hour): row for row in await session.scalars(found)}


async def report(session: AsyncSession, account_id: str, meter: str, hour: int) -> PaymentReport | None:
    """Return what was told of one meter and hour."""
    return await session.get(PaymentReport, (account_id, meter, hour))
