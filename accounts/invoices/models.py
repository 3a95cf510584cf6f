"""Invoices and credit notes. Nothing refers to an account, which they outlive.

A migration has put triggers on these tables: of an invoice only the state may change, of lines and charges nothing.
"""

from decimal import Decimal

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from accounts.database.base import Base, epoch_seconds
from accounts.database.decimals import Exact


class InvoiceNumber(Base):
    """The newest number of a series. Whoever takes the next one holds the row until its invoice is committed."""

    __tablename__ = "invoice_number"

    series: Mapped[str] = mapped_column(String(16), primary_key=True)
    newest: Mapped[int]


class Invoice(Base):
    """An invoice, or the credit note that makes one void. Bought by `name`, as it was called at that time.

    `state` is final, paid or void; `state_at` and `state_reason` say since when and why. `voids` is the invoice that a
    credit note is for.
    """

    __tablename__ = "invoice"
    __table_args__ = (
        UniqueConstraint("series", "number"),
        UniqueConstraint("account_id", "kind", "period_start", "currency", "voids"),
        Index("ix_invoice_account_id_number", "account_id", "number"),
    )

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    account_id: Mapped[str] = mapped_column(String(64))
    series: Mapped[str] = mapped_column(String(16))
    number: Mapped[int]
    kind: Mapped[str] = mapped_column(String(16))
    voids: Mapped[str] = mapped_column(String(64), default="")
    period_start: Mapped[int]
    period_end: Mapped[int]
    zone: Mapped[str] = mapped_column(String(64))
    currency: Mapped[str] = mapped_column(String(3))
    subtotal: Mapped[Decimal] = mapped_column(Exact)
    tax: Mapped[Decimal] = mapped_column(Exact)
    total: Mapped[Decimal] = mapped_column(Exact)
    name: Mapped[str] = mapped_column(String(255))
    address: Mapped[str] = mapped_column(String(1024))
    tax_id: Mapped[str] = mapped_column(String(64))
    finalized_at: Mapped[int]
    state: Mapped[str] = mapped_column(String(16))
    state_at: Mapped[int]
    state_reason: Mapped[str] = mapped_column(String(255), default="")
    written_at: Mapped[int] = mapped_column(default=epoch_seconds)


class InvoiceLine(Base):
    """A row of an invoice; see `accounts.billing.statement.Line`, whose fields it has."""

    __tablename__ = "invoice_line"

    invoice_id: Mapped[str] = mapped_column(ForeignKey("invoice.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(16))
    exact: Mapped[Decimal] = mapped_column(Exact)
    amount: Mapped[Decimal] = mapped_column(Exact)
    period_start: Mapped[int]
    period_end: Mapped[int]
    zone: Mapped[str] = mapped_column(String(64))
    part_start: Mapped[int]
    part_end: Mapped[int]
    plan_id: Mapped[str] = mapped_column(String(64))
    plan_version: Mapped[int]
    meter: Mapped[str] = mapped_column(String(64))
    tier: Mapped[int]
    quantity: Mapped[int]
    unit_price: Mapped[Decimal | None] = mapped_column(Exact)
    reason: Mapped[str] = mapped_column(String(255))
    source_id: Mapped[str] = mapped_column(String(64))


class Charge(Base):
    """What of a line for usage is for one cache. All charges of a month together are what was billed of it."""

    __tablename__ = "charge"
    __table_args__ = (Index("ix_charge_account_id_period_start", "account_id", "period_start"),)

    invoice_id: Mapped[str] = mapped_column(ForeignKey("invoice.id"), primary_key=True)
    line: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    cache_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    account_id: Mapped[str] = mapped_column(String(64))
    period_start: Mapped[int]
    quantity: Mapped[int]
