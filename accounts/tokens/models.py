"""Disposable tokens that were revoked. The tokens themselves are kept nowhere."""

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from accounts.database.base import Base, epoch_seconds


class TokenRevocation(Base):
    """Tokens with an id, or with ids that begin so, that were made before `until` hold no more.

    The row goes at `forget_at`, when none of them would hold any more anyway.
    """

    __tablename__ = "token_revocation"
    __table_args__ = (UniqueConstraint("account_id", "text", "is_prefix"),)

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    text: Mapped[str] = mapped_column(String(64))
    is_prefix: Mapped[bool]
    until: Mapped[int]
    forget_at: Mapped[int] = mapped_column(index=True)
    created_at: Mapped[int] = mapped_column(default=epoch_seconds)
