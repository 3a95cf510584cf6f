"""Budgets, and how they stood when somebody looked."""

from collections.abc import Mapping
from decimal import Decimal

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from accounts.database.base import Base, epoch_seconds
from accounts.database.decimals import Exact
from api.account import CapMode

CAP_MODES: Mapping[str, CapMode] = {"throttle": "throttle", "stop_publishing": "stop_publishing", "stop": "stop"}
"""The modes that routers must know of; `warn` is none."""


class Budget(Base):
    """An amount for each month, of the account, of a cache, or of a principal (see `api.usage.Line`).

    `alerts` are percentages with commas between them. What follows `created_at` is how it stands in the month that
    begins at `period_start`: `alerted` is the highest percentage that was told, and `in_force` whether its mode holds.

    `is_counted` is not kept: it is False for who looks at one in another currency than what the account is charged in.
    """

    __tablename__ = "budget"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(255))
    currency: Mapped[str] = mapped_column(String(3))
    amount: Mapped[Decimal] = mapped_column(Exact)
    cache_id: Mapped[str | None] = mapped_column(String(64))
    principal: Mapped[str | None] = mapped_column(String(320))
    mode: Mapped[str] = mapped_column(String(32))
    publishes_per_second: Mapped[int]
    alerts: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[int] = mapped_column(default=epoch_seconds)
    period_start: Mapped[int] = mapped_column(default=0)
    spent: Mapped[Decimal] = mapped_column(Exact, default=Decimal(0))
    alerted: Mapped[int] = mapped_column(default=0)
    in_force: Mapped[bool] = mapped_column(default=False)
    is_counted = True
