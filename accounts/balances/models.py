"""Credits and adjustments. Nothing refers to an account: what was paid for outlives it."""

from decimal import Decimal

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from accounts.database.base import Base, epoch_seconds
from accounts.database.decimals import Exact


class Credit(Base):
    """Money that is the customer's; `left` of it is not used up."""

    __tablename__ = "credit"
    __table_args__ = (Index("ix_credit_account_id_created_at", "account_id", "created_at"),)

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    account_id: Mapped[str] = mapped_column(String(64))
    currency: Mapped[str] = mapped_column(String(3))
    amount: Mapped[Decimal] = mapped_column(Exact)
    left: Mapped[Decimal] = mapped_column(Exact)
    reason: Mapped[str] = mapped_column(String(255))
    created_at: Mapped[int] = mapped_column(default=epoch_seconds)


class Adjustment(Base):
    """An amount for the next invoice in its currency; negative for the customer. `invoice_id` is where it went."""

    __tablename__ = "adjustment"
    __table_args__ = (Index("ix_adjustment_account_id_invoice_id", "account_id", "invoice_id"),)

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    account_id: Mapped[str] = mapped_column(String(64))
    currency: Mapped[str] = mapped_column(String(3))
    amount: Mapped[Decimal] = mapped_column(Exact)
    reason: Mapped[str] = mapped_column(String(255))
    invoice_id: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[int] = mapped_column(default=epoch_seconds)
