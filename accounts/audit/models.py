"""The audit log."""

from typing import Any

from sqlalchemy import JSON, BigInteger, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from accounts.database.base import Base, epoch_seconds

_Serial = BigInteger().with_variant(Integer(), "sqlite")  # the one type that SQLite counts up by itself


class AuditEntry(Base):
    """One change. It outlives what it tells of, so no row of another table is referred to.

    A migration has put triggers on the table that refuse to change and to delete.
    """

    __tablename__ = "audit_entry"
    __table_args__ = (Index("ix_audit_entry_account_id_id", "account_id", "id"),)

    id: Mapped[int] = mapped_column(_Serial, primary_key=True)
    created_at: Mapped[int] = mapped_column(default=epoch_seconds)
    account_id: Mapped[str | None] = mapped_column(String(64))
    actor_kind: Mapped[str] = mapped_column(String(16))
    actor_id: Mapped[str] = mapped_column(String(64))
    address: Mapped[str] = mapped_column(String(255))
    action: Mapped[str] = mapped_column(String(64))
    target: Mapped[str] = mapped_column(Text())
    request_id: Mapped[str | None] = mapped_column(String(64))
    before: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    after: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
