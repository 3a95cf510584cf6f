"""A person who can log in."""

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from accounts.database.base import Base, epoch_seconds


class User(Base):
    """A person. The e-mail is kept in the form that `users.service.normalised` gives it."""

    __tablename__ = "user"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    email: Mapped[str] = mapped_column(String(320), unique=True)
    password_hash: Mapped[str] = mapped_column(String(255))
    created_at: Mapped[int] = mapped_column(default=epoch_seconds)
