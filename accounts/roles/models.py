"""Roles that accounts made for themselves."""

from sqlalchemy import JSON, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from accounts.database.base import Base, epoch_seconds
from api.permissions import Grant
from api.rules import Rule


class Role(Base):
    """A named set of rules; `rules` holds the words of each (`api.rules.Rule.words`)."""

    __tablename__ = "role"
    __table_args__ = (UniqueConstraint("account_id", "name"),)

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(255))
    description: Mapped[str] = mapped_column(String(255))
    rules: Mapped[list[list[str]]] = mapped_column(JSON())
    created_at: Mapped[int] = mapped_column(default=epoch_seconds)
    changed_at: Mapped[int] = mapped_column(default=epoch_seconds)

    @property
    def grant(self) -> Grant:
        """What the role lets do."""
        return Grant(tuple(map(Rule.of_words, self.rules)))
