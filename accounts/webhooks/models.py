"""Webhooks of topics, and how far each has come."""

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from accounts.database.base import Base, epoch_seconds


class Webhook(Base):
    """Where the items of a topic are posted to.

    Secrets are encrypted with a master key; the one before signs too until `old_secret_until`. `version` grows with
    each change of what follows from `name` to `per_second`. `page` and `number` are of the last event that is done
    with. One process at a time delivers: `held_by`, until `held_until`. `failing_since` and what follows it tell of
    the event that the receiver does not take.
    """

    __tablename__ = "webhook"
    __table_args__ = (UniqueConstraint("cache_id", "name"), Index("ix_webhook_held_until", "held_until"))

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), index=True)
    cache_id: Mapped[str] = mapped_column(ForeignKey("cache.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(128))
    topic: Mapped[str] = mapped_column(String(255))
    url: Mapped[str] = mapped_column(String(2048))
    secret: Mapped[str] = mapped_column(Text())
    old_secret: Mapped[str | None] = mapped_column(Text())
    old_secret_until: Mapped[int] = mapped_column(default=0)
    concurrency: Mapped[int]
    per_second: Mapped[int]
    version: Mapped[int] = mapped_column(default=1)
    page: Mapped[int]
    number: Mapped[int]
    held_by: Mapped[str] = mapped_column(String(64), default="")
    held_until: Mapped[int] = mapped_column(default=0)
    failing_since: Mapped[int | None]
    tries: Mapped[int] = mapped_column(default=0)
    status: Mapped[int] = mapped_column(default=0)
    reason: Mapped[str] = mapped_column(String(255), default="")
    next_try_at: Mapped[int | None]
    created_at: Mapped[int] = mapped_column(default=epoch_seconds)
