"""A log-in on the console or the REST API."""

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from accounts.database.base import Base, epoch_seconds


class Session(Base):
    """A log-in. The secret in the cookie is not kept, only its hash."""

    __tablename__ = "session"

    secret_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    created_at: Mapped[int] = mapped_column(default=epoch_seconds)
    expires_at: Mapped[int]
