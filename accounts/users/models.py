"""A person who can log in."""

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from accounts.database.base import Base, epoch_seconds


class User(Base):
    """A person. The e-mail is kept in the form that `users.emails.normalised` gives it.

    `confirmed_at` is when somebody has shown to read what is sent to the e-mail, or vouched for it on the machine.
    """

    __tablename__ = "user"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    email: Mapped[str] = mapped_column(String(320), unique=True)
    password_hash: Mapped[str] = mapped_column(String(255))
    created_at: Mapped[int] = mapped_column(default=epoch_seconds)
    confirmed_at: Mapped[int | None]


class UserToken(Base):
    """A token that was sent by e-mail and lets its owner do one thing once; its hash is kept.

    Without a user it is of no use to anybody: what is done for an e-mail that is not known takes as long.
    """

    __tablename__ = "user_token"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[str | None] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    purpose: Mapped[str] = mapped_column(String(32))
    expires_at: Mapped[int]
