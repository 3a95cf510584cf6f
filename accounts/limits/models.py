"""What differs from the plans of accounts, how much was used, and what owners were told."""

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from accounts.database.base import Base


class LimitOverride(Base):
    """A limit of one account that is not as its plan has it. What is empty is the plan's.

    `value` is in force, and no more than the hard limit; `hard` is what the account itself may raise it to.
    """

    __tablename__ = "limit_override"

    account_id: Mapped[str] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), primary_key=True)
    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    value: Mapped[int | None]
    hard: Mapped[int | None]


class LimitPeak(Base):
    """The most that was used of a limit in an hour of the epoch; of a cache, or with an empty one of the account."""

    __tablename__ = "limit_peak"

    account_id: Mapped[str] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), primary_key=True)
    cache_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    hour: Mapped[int] = mapped_column(primary_key=True)
    peak: Mapped[int]


class LimitWarning(Base):
    """That a limit of an account is nearly used up, and when its owners were told so last.

    `level` is the part, in percent, that was passed last. It stays until the use was lower for long: `below_since`.
    """

    __tablename__ = "limit_warning"

    account_id: Mapped[str] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), primary_key=True)
    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    level: Mapped[int]
    below_since: Mapped[int | None]
    told_near_at: Mapped[int] = mapped_column(default=0)
    told_full_at: Mapped[int] = mapped_column(default=0)
