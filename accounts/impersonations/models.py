"""Looks of operators at accounts."""

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from accounts.database.base import Base, epoch_seconds


class Impersonation(Base):
    """One look, which ends by itself. Its token is shown once; only its hash is kept."""

    __tablename__ = "impersonation"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), index=True)
    operator_id: Mapped[str] = mapped_column(String(64))
    reason: Mapped[str] = mapped_column(String(255))
    created_at: Mapped[int] = mapped_column(default=epoch_seconds)
    expires_at: Mapped[int]
