"""What ties tokens to a log-in. The tokens themselves are kept nowhere."""

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from accounts.database.base import Base


class TokenBinding(Base):
    """The tokens that stand for a person in one account, made with one log-in: its id is among their ancestors.

    It outlives the log-in, so that routers are told for as long as one of the tokens would hold: until `expires_at`.
    """

    __tablename__ = "token_binding"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), index=True)
    user_id: Mapped[str] = mapped_column(String(64), index=True)
    session_id: Mapped[str] = mapped_column(String(64))
    expires_at: Mapped[int] = mapped_column(index=True)
    ended_at: Mapped[int | None]
