"""Sign-ups that are not confirmed yet."""

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from accounts.database.base import Base, epoch_seconds


class SignUp(Base):
    """What somebody signed up with. It becomes a person and an account with the token that was sent to the e-mail."""

    __tablename__ = "sign_up"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    email: Mapped[str] = mapped_column(String(320), index=True)
    password_hash: Mapped[str] = mapped_column(String(255))
    account_name: Mapped[str] = mapped_column(String(255))
    created_at: Mapped[int] = mapped_column(default=epoch_seconds)
    expires_at: Mapped[int] = mapped_column(index=True)
