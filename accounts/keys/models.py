"""API keys that are bound to a role."""

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from accounts.database.base import Base, epoch_seconds


class ApiKey(Base):
    """What is known of a key. The key itself is a signed token that was shown once; nothing here could stand for it."""

    __tablename__ = "api_key"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), index=True)
    role_id: Mapped[str] = mapped_column(String(64))
    description: Mapped[str] = mapped_column(String(255))
    issued_at: Mapped[int] = mapped_column(default=epoch_seconds)
    expires_at: Mapped[int | None]
    revoked_at: Mapped[int | None]
