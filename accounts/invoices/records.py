"""How the lines of a statement are kept, and how they are read again."""

from accounts.billing.money import ZERO
from accounts.billing.periods import Period
from accounts.billing.rating import ChargeKey
from accounts.billing.statement import Kind, Line, Statement
from accounts.invoices.models import Charge, Invoice, InvoiceLine

REAL, TEST = "real", "test"
"""Series of numbers: invoices by a test clock are counted apart."""


def shown_number(prefix: str, series: str, number: int) -> str:
    """Return the number of an invoice as people see it."""
    return f"{prefix}{number:06d}" if series == REAL else f"TEST-{number:06d}"


KINDS: dict[str, Kind] = {
    "usage": "usage",
    "minimum": "minimum",
    "correction": "correction",
    "adjustment": "adjustment",
    "rounding": "rounding",
    "credit": "credit",
    "tax": "tax",
    "carried": "carried",
}


def line_rows(invoice_id: str, statement: Statement) -> list[InvoiceLine]:
    """Return the rows of an invoice's lines, numbered from 1."""
    return [
        InvoiceLine(
            invoice_id=invoice_id,
            number=number,
            kind=line.kind,
            exact=line.exact,
            amount=line.amount,
            period_start=line.period.start,
            period_end=line.period.end,
            zone=line.period.zone,
            part_start=line.part_start,
            part_end=line.part_end,
            plan_id=line.plan_id,
            plan_version=line.plan_version,
            meter=line.meter,
            tier=line.tier,
            quantity=line.quantity,
            unit_price=line.unit_price,
            reason=line.reason,
            source_id=line.source_id,
        )
        for number, line in enumerate(statement.lines, 1)
    ]


def charge_rows(invoice: Invoice, statement: Statement) -> list[Charge]:
    """Return the rows of what each line is by cache."""
    return [
        Charge(
            invoice_id=invoice.id,
            line=number,
            cache_id=key.cache_id,
            account_id=invoice.account_id,
            period_start=line.period.start,
            quantity=quantity,
        )
        for number, line in enumerate(statement.lines, 1)
        for key, quantity in line.shares.items()
    ]


def line_of(row: InvoiceLine, charges: list[Charge]) -> Line:
    """Return the line that a row keeps, with those of the invoice's charges that are its own."""
    shares = {_key(row, charge.cache_id): charge.quantity for charge in charges if charge.line == row.number}
    return Line(
        KINDS[row.kind],
        row.exact,
        row.amount,
        Period(row.period_start, row.period_end, row.zone),
        row.part_start,
        row.part_end,
        row.plan_id,
        row.plan_version,
        row.meter,
        row.tier,
        row.quantity,
        row.unit_price,
        row.reason,
        row.source_id,
        shares,
    )


def _key(row: InvoiceLine, cache_id: str) -> ChargeKey:
    price = ZERO if row.unit_price is None else row.unit_price
    return ChargeKey(row.part_start, row.part_end, row.plan_id, row.plan_version, row.meter, row.tier, price, cache_id)
