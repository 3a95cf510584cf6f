"""An invoice as a page: the same words and figures, whether it is shown in a browser or printed as a PDF."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from accounts.billing.money import plain, plain_unit
from accounts.billing.statement import Line, Statement
from accounts.invoices.models import Invoice
from accounts.invoices.wording import description

_TITLES = {"invoice": "Invoice", "credit_note": "Credit note"}


@dataclass(frozen=True, slots=True)
class Row:
    """One line, as it is read."""

    number: int
    description: str
    time: str
    quantity: str
    unit_price: str
    amount: str


@dataclass(frozen=True, slots=True)
class Document:
    """What stands on the page, from top to bottom."""

    title: str
    number: str
    seller: Sequence[str]
    buyer: Sequence[str]
    facts: Sequence[tuple[str, str]]
    rows: Sequence[Row]
    sums: Sequence[tuple[str, str]]
    notes: Sequence[str]


def document(invoice: Invoice, statement: Statement, number: str, seller: str) -> Document:
    """Return the page of an invoice. Times are those of the invoice's time zone."""
    facts = [
        ("Number", number),
        ("Date", _day(invoice.finalized_at, invoice.zone)),
        ("Period", f"{_day(invoice.period_start, invoice.zone)} to {_day(invoice.period_end - 1, invoice.zone)}"),
        ("Time zone", invoice.zone),
        ("State", invoice.state),
    ]
    sums = [("Subtotal", invoice.subtotal), ("Tax", invoice.tax), ("Total", invoice.total)]
    return Document(
        title=_TITLES[invoice.kind],
        number=number,
        seller=[line for line in seller.splitlines() if line.strip()],
        buyer=[text for text in (invoice.name, *invoice.address.splitlines(), invoice.tax_id) if text.strip()],
        facts=facts,
        rows=[_row(n, line, invoice) for n, line in enumerate(statement.lines, 1)],
        sums=[(label, f"{plain(amount)} {invoice.currency}") for label, amount in sums],
        notes=_notes(invoice),
    )


def _row(number: int, line: Line, invoice: Invoice) -> Row:
    metered = line.kind in ("usage", "minimum", "correction")
    time = f"{_time(line.part_start, invoice.zone)} to {_time(line.part_end, invoice.zone)}" if metered else ""
    price = line.unit_price if metered else None
    return Row(
        number,
        description(line, invoice.currency),
        time,
        f"{line.quantity:,}" if metered else "",
        "" if price is None else plain_unit(price),
        plain(line.amount),
    )


def _notes(invoice: Invoice) -> list[str]:
    notes = ["Each line is rounded to what the currency can be paid in; the rounding line makes them add up."]
    if invoice.state_reason:
        notes.append(f"{invoice.state.capitalize()}: {invoice.state_reason}")
    return notes


def _day(at: int, zone: str) -> str:
    return datetime.fromtimestamp(at, ZoneInfo(zone)).strftime("%Y-%m-%d")


def _time(at: int, zone: str) -> str:
    return datetime.fromtimestamp(at, ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M")
