"""The ledger of gaps."""

from sqlalchemy import BigInteger, ForeignKey, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from accounts.database.base import Base

_Serial = BigInteger().with_variant(Integer(), "sqlite")  # the one type that SQLite counts up by itself


class Gap(Base):
    """What the subscribers of a topic missed in a minute of the epoch, for one cause; the columns of `api.gaps`."""

    __tablename__ = "gap"
    __table_args__ = (UniqueConstraint("account_id", "minute", "cache_id", "topic", "cause"),)

    id: Mapped[int] = mapped_column(_Serial, primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    minute: Mapped[int] = mapped_column(index=True)
    cache_id: Mapped[str] = mapped_column(String(64))
    topic: Mapped[str] = mapped_column(String(255))
    cause: Mapped[str] = mapped_column(String(16))
    streams: Mapped[int]
    after: Mapped[int]
    until: Mapped[int]
