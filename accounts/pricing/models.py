"""Price plans, who has them, and what an account's invoices need to know of it."""

from decimal import Decimal

from sqlalchemy import ForeignKey, ForeignKeyConstraint, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from accounts.database.base import Base, epoch_seconds
from accounts.database.decimals import Exact


class PricePlan(Base):
    """One version of a plan. A migration has put triggers on the table that refuse to change and to delete.

    `prices` is what `accounts.billing.plan.to_json` wrote. An account may choose a `public` one by itself.
    """

    __tablename__ = "price_plan"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(String(255))
    currency: Mapped[str] = mapped_column(String(3))
    public: Mapped[bool]
    prices: Mapped[str] = mapped_column(Text())
    created_at: Mapped[int] = mapped_column(default=epoch_seconds)


class PlanAssignment(Base):
    """A version of a plan that an account has from `since` on, until the next one begins.

    It outlives the account, whose invoices are proved by it.
    """

    __tablename__ = "plan_assignment"
    __table_args__ = (ForeignKeyConstraint(["plan_id", "plan_version"], ["price_plan.id", "price_plan.version"]),)

    account_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    since: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    plan_id: Mapped[str] = mapped_column(String(64))
    plan_version: Mapped[int]
    made_at: Mapped[int] = mapped_column(default=epoch_seconds)


class BillingProfile(Base):
    """Whom an account's invoices are for, and how its tax is reckoned.

    Its first month is the one that `begins_at` is in. `closes_at` is when the month that runs is to be closed.
    """

    __tablename__ = "billing_profile"

    account_id: Mapped[str] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), primary_key=True)
    tax_rate: Mapped[Decimal] = mapped_column(Exact, default=Decimal(0))
    tax_name: Mapped[str] = mapped_column(String(64), default="Tax")
    name: Mapped[str] = mapped_column(String(255), default="")
    address: Mapped[str] = mapped_column(String(1024), default="")
    email: Mapped[str] = mapped_column(String(320), default="")
    tax_id: Mapped[str] = mapped_column(String(64), default="")
    begins_at: Mapped[int]
    closes_at: Mapped[int] = mapped_column(index=True)


class ClosedPeriod(Base):
    """A month of an account that is over and was billed; its row is written in the transaction that bills it."""

    __tablename__ = "closed_period"

    account_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    start: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    end: Mapped[int]
    zone: Mapped[str] = mapped_column(String(64))
    closed_at: Mapped[int]
