"""Caches: the namespaces of topics."""

from sqlalchemy import ForeignKey, String, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from accounts.database.base import Base, epoch_seconds
from api.account import DROP_OLDEST, SLOW_READER_POLICIES, CacheLimits, History, SlowReaderPolicy


class Cache(Base):
    """A namespace. The id is never given again; the name is free after deletion.

    A limit, or a bound on the history, that is empty is the account's, or the installation's.
    """

    __tablename__ = "cache"
    __table_args__ = (UniqueConstraint("account_id", "name"),)

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(255))
    durable: Mapped[bool] = mapped_column(default=False, server_default=false())
    publishes_per_second: Mapped[int | None]
    publish_bytes_per_second: Mapped[int | None]
    subscriptions: Mapped[int | None]
    message_bytes: Mapped[int | None]
    history_items: Mapped[int | None]
    history_bytes: Mapped[int | None]
    history_seconds: Mapped[int | None]
    slow_reader_policy: Mapped[str] = mapped_column(String(16), default=DROP_OLDEST, server_default=DROP_OLDEST)
    created_at: Mapped[int] = mapped_column(default=epoch_seconds)

    @property
    def limits(self) -> CacheLimits:
        """The limits of its own."""
        return CacheLimits(
            self.publishes_per_second, self.publish_bytes_per_second, self.subscriptions, self.message_bytes
        )

    @property
    def policy(self) -> SlowReaderPolicy:
        """What becomes of streams that fall behind."""
        return next(policy for policy in SLOW_READER_POLICIES if policy == self.slow_reader_policy)

    @property
    def history(self) -> History:
        """Its bounds on the history of its topics."""
        return History(self.history_items, self.history_bytes, self.history_seconds)
