"""Mails that are still to be delivered."""

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from accounts.database.base import Base, epoch_seconds


class Mail(Base):
    """A mail until it is delivered. What it says is encrypted with a master key: it may hold a token."""

    __tablename__ = "mail"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    recipient: Mapped[str | None] = mapped_column(String(320))
    sealed: Mapped[str] = mapped_column(Text())
    created_at: Mapped[int] = mapped_column(default=epoch_seconds)
    next_at: Mapped[int] = mapped_column(index=True)
    tries: Mapped[int] = mapped_column(default=0)
