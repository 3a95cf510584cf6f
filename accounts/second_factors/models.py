"""Second factors."""

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from accounts.database.base import Base, epoch_seconds


class SecondFactor(Base):
    """A person's authenticator. Its secret is encrypted with a master key.

    It is asked for once it was confirmed. `last_step` is the newest period of 30 seconds whose code was shown: a code
    that was shown once is of no use to whoever has looked on.
    """

    __tablename__ = "second_factor"

    user_id: Mapped[str] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), primary_key=True)
    sealed_secret: Mapped[str] = mapped_column(Text())
    created_at: Mapped[int] = mapped_column(default=epoch_seconds)
    confirmed_at: Mapped[int | None]
    last_step: Mapped[int] = mapped_column(default=0)


class RecoveryCode(Base):
    """A code for somebody who has lost the authenticator; it is of use once. Its hash is kept."""

    __tablename__ = "recovery_code"

    user_id: Mapped[str] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), primary_key=True)
    code_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
