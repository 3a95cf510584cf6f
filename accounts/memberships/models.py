"""Who belongs to which account, and as what."""

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from accounts.database.base import Base, epoch_seconds


class Membership(Base):
    """One person in one account."""

    __tablename__ = "membership"

    account_id: Mapped[str] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), primary_key=True, index=True)
    role_id: Mapped[str] = mapped_column(String(64))
    joined_at: Mapped[int] = mapped_column(default=epoch_seconds, server_default="0")
