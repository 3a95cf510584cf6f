"""Customers of a payment provider, and what it was told."""

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from accounts.database.base import Base


class PaymentCustomer(Base):
    """An account as a payment provider knows it. What it used before `since` is not told; `reason` is of a refusal."""

    __tablename__ = "payment_customer"

    account_id: Mapped[str] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), primary_key=True)
    provider: Mapped[str] = mapped_column(String(32))
    customer_id: Mapped[str] = mapped_column(String(255))
    since: Mapped[int]
    reason: Mapped[str] = mapped_column(String(255), default="")


class PaymentReport(Base):
    """What the provider was told of one meter and hour, in units.

    `pending` units, where there are any, are on their way as event number `events + 1`: they were written before they
    were sent, so that a second try sends the same.
    """

    __tablename__ = "payment_report"

    account_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    meter: Mapped[str] = mapped_column(String(64), primary_key=True)
    hour: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    units: Mapped[int]
    events: Mapped[int]
    pending: Mapped[int]
