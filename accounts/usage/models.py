"""What was used, added up. Nothing refers to an account or a cache: usage outlives both.

All levels hold the same numbers in coarser pieces, and are changed together in one transaction. Times are minutes of
the epoch.
"""

from sqlalchemy import BigInteger, ForeignKey, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from accounts.database.base import Base

LONGEST_PRINCIPAL = 320

ALL = "*"
"""Stands for all principals of an account, a cache and a meter together, or for all caches of a principal."""

BY_ROUTER = "router:"
"""What comes before the id of a router, where a highest number is of that router and those of all add up."""


class UsageSeries(Base):
    """What numbers are kept of: an account, a cache, a meter, and who used it.

    `principal` is as in `api.usage.Line`, or `ALL`. The name of the cache is the one it had when it was seen first.
    """

    __tablename__ = "usage_series"
    __table_args__ = (UniqueConstraint("account_id", "cache_id", "meter", "principal"),)

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    account_id: Mapped[str] = mapped_column(String(64))
    cache_id: Mapped[str] = mapped_column(String(64))
    cache_name: Mapped[str] = mapped_column(String(255))
    meter: Mapped[str] = mapped_column(String(64))
    principal: Mapped[str] = mapped_column(String(LONGEST_PRINCIPAL))


class Sums(Base):
    """What all levels have in common: the numbers of one series from `minute` on, for as long as the level's step."""

    __abstract__ = True

    series_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("usage_series.id"), primary_key=True)
    minute: Mapped[int] = mapped_column(primary_key=True)
    messages: Mapped[int]
    bytes: Mapped[int]
    operations: Mapped[int]
    seconds: Mapped[int]
    peak: Mapped[int]


class UsageMinute(Sums):
    """By minute, for each principal; of highest numbers also for all of them."""

    __tablename__ = "usage_minute"


class UsageQuarter(Sums):
    """By quarter of an hour, for all principals together: local hours and days of every time zone are made of these."""

    __tablename__ = "usage_quarter"


class UsagePrincipalQuarter(Sums):
    """By quarter of an hour, for each principal: in each cache, and in all of them together.

    They go as far as it was counted by a version that keeps these (0.2).

    They make no more than the hours of the same principals, and are complete where they make as much.
    """

    __tablename__ = "usage_principal_quarter"


class UsageHour(Sums):
    """By hour, for each principal and for all together."""

    __tablename__ = "usage_hour"


class UsageDay(Sums):
    """By day of UTC, for each principal and for all together."""

    __tablename__ = "usage_day"


class UsagePruned(Base):
    """Of a level, by its step in minutes, what is from before this minute was deleted for its age."""

    __tablename__ = "usage_pruned"

    step: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    before: Mapped[int]
