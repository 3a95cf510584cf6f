"""What witnesses have counted, and what came of comparing it with the batches of routers. Hours are of the epoch."""

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from accounts.database.base import Base


class UsageWitnessed(Base):
    """What one life of a witness has counted of an account in an hour; see `backplane.witnesses.Witnessed`."""

    __tablename__ = "usage_witnessed"

    hour: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    witness: Mapped[str] = mapped_column(String(64), primary_key=True)
    boot: Mapped[str] = mapped_column(String(64), primary_key=True)
    account: Mapped[str] = mapped_column(String(64), primary_key=True)
    messages: Mapped[int]
    bytes: Mapped[int]
    most: Mapped[int]
    has_left: Mapped[bool]


class UsageReconciliation(Base):
    """The report of one hour: all accounts together. It is made anew when batches of the hour come late.

    `findings` and `carried` are JSON: the accounts whose difference is larger than it may be, and by account what goes
    into the next hour. `vanished` names witnesses that ended without a word.
    """

    __tablename__ = "usage_reconciliation"

    hour: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    made_at: Mapped[int]
    outcome: Mapped[str] = mapped_column(String(16))
    accounts: Mapped[int]
    publishes_billed: Mapped[int]
    publishes_stored: Mapped[int]
    publish_bytes_billed: Mapped[int]
    publish_bytes_stored: Mapped[int]
    deliveries_billed: Mapped[int]
    delivery_bytes_billed: Mapped[int]
    bytes_sent: Mapped[int | None]
    vanished: Mapped[str] = mapped_column(Text)
    findings: Mapped[str] = mapped_column(Text)
    carried: Mapped[str] = mapped_column(Text)
