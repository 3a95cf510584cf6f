"""The account: the tenant, and whom a bill is for."""

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from accounts.database.base import Base, epoch_seconds


class Account(Base):
    """A tenant. `version` grows, over all accounts, with each change of anything that routers must know.

    Its days and months are those of `time_zone`, an IANA name.
    """

    __tablename__ = "account"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(255))
    plan: Mapped[str] = mapped_column(String(64))
    suspended: Mapped[bool] = mapped_column(default=False)
    suspension_reason: Mapped[str] = mapped_column(String(255), default="", server_default="")
    suspended_at: Mapped[int | None]
    time_zone: Mapped[str] = mapped_column(String(64), default="UTC", server_default="UTC")
    version: Mapped[int] = mapped_column(index=True)
    created_at: Mapped[int] = mapped_column(default=epoch_seconds)


class Change(Base):
    """The number of the newest change; one row, which whoever changes something holds until it is committed."""

    __tablename__ = "change"

    newest: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
