"""SQL for payment providers."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import case, delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from accounts.paging import PageRequest
from accounts.payments.models import PaymentCustomer, PaymentReport


class Standing(NamedTuple):
    """A customer, and how far the provider was told of it.

    Attributes:
        newest_hour: Of which something was told, in epoch seconds; None where nothing was.
        events: How many meter events were taken.
        pending: How many were written down and not taken yet.
    """

    customer: PaymentCustomer
    newest_hour: int | None
    events: int
    pending: int


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


async def standing(session: AsyncSession, account_id: str) -> Standing | None:
    """Return an account as its provider knows it, and how far that was told."""
    row = await customer(session, account_id)
    return None if row is None else (await _standings(session, [row]))[0]


async def page(session: AsyncSession, asked: PageRequest) -> Sequence[Standing]:
    """Return customers in the order of their accounts, and how far their provider was told."""
    found = select(PaymentCustomer).order_by(PaymentCustomer.account_id).limit(asked.fetch)
    if after := asked.after(str):
        found = found.where(PaymentCustomer.account_id > after[0])
    return await _standings(session, (await session.scalars(found)).all())


async def _standings(session: AsyncSession, rows: Sequence[PaymentCustomer]) -> Sequence[Standing]:
    told = func.max(case((PaymentReport.events > 0, PaymentReport.hour), else_=None))
    events = func.sum(PaymentReport.events)
    pending = func.sum(case((PaymentReport.pending > 0, 1), else_=0))
    found = select(PaymentReport.account_id, told, events, pending).group_by(PaymentReport.account_id)
    found = found.where(PaymentReport.account_id.in_([row.account_id for row in rows]))
    sums = {row[0]: (row[1], int(row[2]), int(row[3])) for row in await session.execute(found)}
    return [Standing(row, *sums.get(row.account_id, (None, 0, 0))) for row in rows]


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
