"""The keys that tokens are signed with, and what is known of tokens that are kept nowhere."""

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from accounts.database.base import Base, epoch_seconds

SHORT_SECONDS = 25 * 3600
"""Tokens that hold no longer than this are not counted: a key verifies for so long after it has signed the last one."""

NEVER = 2**53
"""In place of the second in which a token ends, for one that does not."""


class TokenSigningKey(Base):
    """One key. It is public from the beginning, signs from `signs_from` until another does, and verifies until the end.

    A row stays after its key was retired, so that a file with the same key is not taken over again.

    Attributes:
        public_key: Raw, in base64.
        sealed: The private key, encrypted with a master key; gone when the key signs no more.
        signs_from: Epoch seconds; None for one that only verifies.
        from_file: It comes from a version that kept keys in files, and did not note what they had signed.
    """

    __tablename__ = "token_signing_key"

    kid: Mapped[str] = mapped_column(String(64), primary_key=True)
    public_key: Mapped[str] = mapped_column(String(64))
    sealed: Mapped[str | None] = mapped_column(Text())
    created_at: Mapped[int] = mapped_column(default=epoch_seconds)
    signs_from: Mapped[int | None]
    from_file: Mapped[bool] = mapped_column(default=False)
    retired_at: Mapped[int | None]


class LastingTokens(Base):
    """How many tokens that may hold for longer than a day, and are kept nowhere, a key has signed for an account.

    `until` is the latest second in which one of them ends, or `NEVER`.
    """

    __tablename__ = "lasting_tokens"

    kid: Mapped[str] = mapped_column(String(64), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), primary_key=True)
    count: Mapped[int]
    until: Mapped[int]
