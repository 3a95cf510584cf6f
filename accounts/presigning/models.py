"""Signing keys of an account, with which its own programs sign; not those that the service signs tokens with."""

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from accounts.database.base import Base, epoch_seconds


class SigningKey(Base):
    """What is known of a key after it was handed out. The key itself is not kept."""

    __tablename__ = "signing_key"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[int] = mapped_column(default=epoch_seconds)
    expires_at: Mapped[int]
