"""A log-in on the console or the REST API."""

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from accounts.database.base import Base, epoch_seconds

PREFIX = "session_"
ID_DIGITS = 32


class Session(Base):
    """A log-in. The secret in the cookie is not kept, only its hash."""

    __tablename__ = "session"

    secret_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), index=True)
    address: Mapped[str] = mapped_column(String(255), server_default="")
    user_agent: Mapped[str] = mapped_column(String(255), server_default="")
    created_at: Mapped[int] = mapped_column(default=epoch_seconds)
    used_at: Mapped[int] = mapped_column(default=epoch_seconds, server_default="0")
    expires_at: Mapped[int]

    @property
    def id(self) -> str:
        """What it is called where its owner sees it: half of the hash, from which nobody guesses the secret."""
        return PREFIX + self.secret_hash[:ID_DIGITS]
