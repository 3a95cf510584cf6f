"""Invoices cut into charges, one for each line and cache, whose exact amounts add up to what is to be paid."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from accounts.billing.money import plain, plain_unit, total
from accounts.billing.periods import Period, iso
from accounts.billing.rating import charge_amount
from accounts.billing.statement import Line, Statement
from accounts.exports.rows import Cells
from accounts.invoices.arithmetic import RATED
from accounts.invoices.models import Invoice
from accounts.invoices.wording import description

BY_CACHE = frozenset({"usage", "correction"})
"""Kinds of lines that are cut into the shares of caches."""


@dataclass(frozen=True, slots=True)
class Charged:
    """One charge.

    Attributes:
        number: Of the invoice, as people see it.
        line: The line's number on the invoice; 0 for what rounding leaves.
        amount: Exact.
        cache_id: Empty for what is for no cache.
    """

    invoice: Invoice
    number: str
    line: int
    kind: str
    description: str
    period: Period
    start: int
    end: int
    amount: Decimal
    quantity: int | None
    unit_price: Decimal | None
    meter: str
    tier: int
    plan_id: str
    plan_version: int
    cache_id: str
    cache_name: str
    reason: str


def charges(invoice: Invoice, statement: Statement, number: str, cache_names: Mapping[str, str]) -> Iterator[Charged]:
    """Yield the charges of an invoice, in the order of its lines; what rounding makes of their sum comes last."""
    exact: list[Decimal] = []
    for place, line in enumerate(statement.lines, 1):
        if line.kind == "rounding":
            continue
        for charge in _of_line(invoice, number, place, line, cache_names):
            exact.append(charge.amount)
            yield charge
    remainder = total([invoice.total, *(-amount for amount in exact)])
    if remainder:
        yield _charge(invoice, number, 0, "rounding", "Rounding of all charges to what is to be paid", remainder)


def _of_line(
    invoice: Invoice, number: str, place: int, line: Line, cache_names: Mapping[str, str]
) -> Iterator[Charged]:
    text = description(line, invoice.currency)
    if line.kind not in BY_CACHE or not line.shares:
        amount = line.exact if line.kind in RATED else line.amount
        yield _charge(invoice, number, place, line.kind, text, amount, line)
        return
    for key, quantity in line.shares.items():
        name = cache_names.get(key.cache_id, "")
        amount = charge_amount(key, quantity)
        yield _charge(invoice, number, place, line.kind, text, amount, line, (key.cache_id, name, quantity))


def _charge(
    invoice: Invoice,
    number: str,
    place: int,
    kind: str,
    text: str,
    amount: Decimal,
    line: Line | None = None,
    share: tuple[str, str, int] | None = None,
) -> Charged:
    cache_id, cache_name, quantity = share or ("", "", None)
    whole = Period(invoice.period_start, invoice.period_end, invoice.zone)
    metered = line is not None and line.part_end > line.part_start
    return Charged(
        invoice=invoice,
        number=number,
        line=place,
        kind=kind,
        description=text,
        period=line.period if line else whole,
        start=line.part_start if line and metered else whole.start,
        end=line.part_end if line and metered else whole.end,
        amount=amount,
        quantity=quantity,
        unit_price=line.unit_price if line and share else None,
        meter=line.meter if line else "",
        tier=line.tier if line else 0,
        plan_id=line.plan_id if line else "",
        plan_version=line.plan_version if line else 0,
        cache_id=cache_id,
        cache_name=cache_name,
        reason=line.reason if line else "",
    )


CHARGE_COLUMNS = (
    "invoice_id",
    "invoice_number",
    "line",
    "kind",
    "description",
    "period",
    "start",
    "end",
    "cache_id",
    "cache_name",
    "meter",
    "plan",
    "tier",
    "quantity",
    "unit_price",
    "exact_amount",
    "currency",
    "reason",
)
CHARGE_NUMBERS = frozenset({"line", "tier", "quantity", "unit_price", "exact_amount"})


def charge_cells(charge: Charged) -> Cells:
    """Return a charge as cells of our own CSV."""
    return {
        "invoice_id": charge.invoice.id,
        "invoice_number": charge.number,
        "line": charge.line,
        "kind": charge.kind,
        "description": charge.description,
        "period": charge.period.label,
        "start": iso(charge.start),
        "end": iso(charge.end),
        "cache_id": charge.cache_id or None,
        "cache_name": charge.cache_name or None,
        "meter": charge.meter or None,
        "plan": f"{charge.plan_id} v{charge.plan_version}" if charge.plan_id else None,
        "tier": charge.tier if charge.meter else None,
        "quantity": charge.quantity,
        "unit_price": None if charge.unit_price is None else plain_unit(charge.unit_price),
        "exact_amount": plain(charge.amount),
        "currency": charge.invoice.currency,
        "reason": charge.reason or None,
    }


INVOICE_COLUMNS = (
    "invoice_id",
    "number",
    "kind",
    "voids",
    "state",
    "period_start",
    "period_end",
    "time_zone",
    "currency",
    "subtotal",
    "tax",
    "total",
    "finalized_at",
    "name",
    "tax_id",
)
INVOICE_NUMBERS = frozenset({"subtotal", "tax", "total"})


def invoice_cells(invoice: Invoice, number: str) -> Cells:
    """Return an invoice as cells of our own CSV."""
    return {
        "invoice_id": invoice.id,
        "number": number,
        "kind": invoice.kind,
        "voids": invoice.voids or None,
        "state": invoice.state,
        "period_start": iso(invoice.period_start),
        "period_end": iso(invoice.period_end),
        "time_zone": invoice.zone,
        "currency": invoice.currency,
        "subtotal": plain(invoice.subtotal),
        "tax": plain(invoice.tax),
        "total": plain(invoice.total),
        "finalized_at": iso(invoice.finalized_at),
        "name": invoice.name or None,
        "tax_id": invoice.tax_id or None,
    }
