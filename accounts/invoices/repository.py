"""SQL for invoices. There is none that changes more than the state of one, and the database would refuse it."""

from collections.abc import Sequence
from decimal import Decimal

from sqlalchemy import select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from accounts.billing.rating import ChargeKey
from accounts.database.insert import insert_once
from accounts.database.sums import exact_sum
from accounts.invoices.models import Charge, Invoice, InvoiceLine, InvoiceNumber
from accounts.paging import PageRequest


async def next_number(session: AsyncSession, series: str) -> int:
    """Take the next number of a series. It is free again if the transaction fails, and held until it ends."""
    await insert_once(session, InvoiceNumber, series=series, newest=0)
    taken = update(InvoiceNumber).where(InvoiceNumber.series == series).values(newest=InvoiceNumber.newest + 1)
    return (await session.execute(taken.returning(InvoiceNumber.newest))).scalar_one()


async def add(session: AsyncSession, invoice: Invoice, lines: Sequence[InvoiceLine], charges: Sequence[Charge]) -> None:
    """Keep an invoice."""
    session.add(invoice)
    await session.flush()
    session.add_all(lines)
    session.add_all(charges)
    await session.flush()


async def get(session: AsyncSession, account_id: str | None, invoice_id: str) -> Invoice | None:
    """Return an invoice of this account, or for None of any."""
    found = select(Invoice).where(Invoice.id == invoice_id)
    if account_id is not None:
        found = found.where(Invoice.account_id == account_id)
    return await session.scalar(found)


async def by_number(session: AsyncSession, series: str, number: int) -> Invoice | None:
    """Return the invoice with this number."""
    return await session.scalar(select(Invoice).where(Invoice.series == series, Invoice.number == number))


async def page(
    session: AsyncSession, account_id: str | None, asked: PageRequest, state: str | None = None
) -> Sequence[Invoice]:
    """Return invoices of an account, or for None of all, the newest first; those in a state, or in any."""
    found = select(Invoice)
    if account_id is not None:
        found = found.where(Invoice.account_id == account_id)
    if state is not None:
        found = found.where(Invoice.state == state)
    position = (Invoice.written_at, Invoice.number, Invoice.id)
    if after := asked.after(int, int, str):
        found = found.where(tuple_(*position) < after)
    found = found.order_by(*(column.desc() for column in position))
    return (await session.scalars(found.limit(asked.fetch))).all()


async def lines(session: AsyncSession, invoice_id: str) -> Sequence[InvoiceLine]:
    """Return the lines of an invoice in their order."""
    found = select(InvoiceLine).where(InvoiceLine.invoice_id == invoice_id).order_by(InvoiceLine.number)
    return (await session.scalars(found)).all()


async def charges(session: AsyncSession, invoice_id: str) -> Sequence[Charge]:
    """Return what the lines of an invoice are by cache."""
    found = select(Charge).where(Charge.invoice_id == invoice_id)
    return (await session.scalars(found.order_by(Charge.line, Charge.cache_id))).all()


async def billed(
    session: AsyncSession, account_id: str, period_start: int, through: Invoice | None = None
) -> dict[ChargeKey, int]:
    """Return all that was charged of a month, on whichever invoices; or only on those up to one of them."""
    columns = (
        InvoiceLine.part_start,
        InvoiceLine.part_end,
        InvoiceLine.plan_id,
        InvoiceLine.plan_version,
        InvoiceLine.meter,
        InvoiceLine.tier,
        InvoiceLine.unit_price,
        Charge.cache_id,
    )
    found = (
        select(*columns, exact_sum(Charge.quantity))
        .join(InvoiceLine, (InvoiceLine.invoice_id == Charge.invoice_id) & (InvoiceLine.number == Charge.line))
        .where(Charge.account_id == account_id, Charge.period_start == period_start)
        .group_by(*columns)
    )
    if through is not None:
        found = found.join(Invoice, Invoice.id == Charge.invoice_id)
        found = found.where(Invoice.series == through.series, Invoice.number <= through.number)
    result: dict[ChargeKey, int] = {}
    for row in await session.execute(found):
        start, end, plan, version, meter, tier, price, cache, quantity = row
        key = ChargeKey(start, end, plan, version, meter, tier, price or Decimal(0), cache)
        result[key] = result.get(key, 0) + int(quantity)
    return {key: quantity for key, quantity in result.items() if quantity}
