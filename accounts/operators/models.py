"""Who operates the installation."""

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from accounts.database.base import Base, epoch_seconds


class Operator(Base):
    """A person who operates the installation, whatever accounts they are a member of."""

    __tablename__ = "operator"

    user_id: Mapped[str] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), primary_key=True)
    created_at: Mapped[int] = mapped_column(default=epoch_seconds)


class OperatorToken(Base):
    """A token for scripts. It is shown once; only its hash is kept."""

    __tablename__ = "operator_token"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)
    description: Mapped[str] = mapped_column(String(255))
    created_at: Mapped[int] = mapped_column(default=epoch_seconds)
    expires_at: Mapped[int | None]
