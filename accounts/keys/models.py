"""API keys: those that are bound to a role, and those that carry permissions of their own."""

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from accounts.database.base import Base, epoch_seconds

NO_ROLE = ""
"""In place of a role's id: the key says itself what it may do."""


class ApiKey(Base):
    """What is known of a key. The key itself is a signed token that was shown once; nothing here could stand for it.

    `expires_at` is what the token says. One that was replaced ends at `ends_at`, which routers are told. `kid` is
    of the key that has signed it; None where a version before that kept no note of it.
    """

    __tablename__ = "api_key"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), index=True)
    role_id: Mapped[str] = mapped_column(String(64))
    description: Mapped[str] = mapped_column(String(255))
    issued_at: Mapped[int] = mapped_column(default=epoch_seconds)
    expires_at: Mapped[int | None]
    revoked_at: Mapped[int | None]
    replaced_by: Mapped[str | None] = mapped_column(String(64))
    ends_at: Mapped[int | None]
    kid: Mapped[str | None] = mapped_column(String(64), index=True)
    last_used_at: Mapped[int | None]
    last_used_address: Mapped[str | None] = mapped_column(String(64))

    @property
    def holds_until(self) -> int | None:
        """The epoch second from which on the key is refused; None for never."""
        ends = [end for end in (self.expires_at, self.ends_at) if end is not None]
        return min(ends, default=None)
