"""Test clocks."""

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from accounts.database.base import Base, epoch_seconds


class TestClock(Base):
    """The time of an account that has a clock of its own, in epoch seconds. It never goes back."""

    __test__ = False  # pytest takes it for a test by its name
    __tablename__ = "test_clock"

    account_id: Mapped[str] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), primary_key=True)
    now: Mapped[int]
    made_at: Mapped[int] = mapped_column(default=epoch_seconds)


class TestClockPlacement(Base):
    """Where the usage of a batch went whose account had a test clock when the batch was applied."""

    __test__ = False
    __tablename__ = "test_clock_placement"

    router: Mapped[str] = mapped_column(String(64), primary_key=True)
    boot: Mapped[str] = mapped_column(String(64), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    account_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    minute: Mapped[int]
