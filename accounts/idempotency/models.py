"""What is kept of a request that came with an idempotency key."""

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from accounts.database.base import Base, epoch_seconds


class IdempotentRequest(Base):
    """A request and its answer. The answer may hold a secret that is shown once, so it is sealed: see `sealing`.

    An operator of the installation belongs to no account.
    """

    __tablename__ = "idempotent_request"

    key_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    account_id: Mapped[str | None] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), index=True)
    fingerprint: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(16))
    answer: Mapped[bytes | None] = mapped_column(LargeBinary())
    created_at: Mapped[int] = mapped_column(default=epoch_seconds, index=True)
