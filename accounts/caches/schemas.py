"""What goes over the REST API about caches."""

from dataclasses import asdict
from typing import Annotated

from pydantic import Field, StringConstraints

from accounts.caches.models import Cache
from accounts.caches.service import Changes
from accounts.rest.paging import Listing
from accounts.rest.schemas import Input, Output
from api.account import LARGEST_MESSAGE_BYTES, SlowReaderPolicy
from backplane.busiest import HeardTopics

LARGEST = 2**53 - 1
"""What a JavaScript number tells apart from its neighbours."""

Durable = Annotated[
    bool, Field(strict=True, description="What was published outlives the storage node that owns the topic.")
]
Amount = Annotated[int, Field(strict=True, ge=0, le=LARGEST)]
AtLeastOne = Annotated[int, Field(strict=True, ge=1, le=LARGEST)]
Policy = Annotated[
    SlowReaderPolicy,
    Field(
        description="What becomes of a stream that falls further behind than a router keeps for its topic: it goes on "
        "with the oldest item that is left, or with the newest, or it ends."
    ),
]


class CacheLimits(Input):
    """What the cache may use of what its account may; null where only the account's limit holds."""

    publishes_per_second: Amount | None = Field(None, examples=[50])
    publish_bytes_per_second: Amount | None = None
    subscriptions: Amount | None = Field(None, examples=[200])
    message_bytes: Annotated[int, Field(strict=True, ge=1, le=LARGEST_MESSAGE_BYTES)] | None = None


class History(Input):
    """What is kept of each topic for subscribers that resume; null where the bound of the installation holds."""

    items: AtLeastOne | None = Field(None, description="The newest so many items.", examples=[100])
    bytes: AtLeastOne | None = Field(None, description="Bytes of these items; the newest item is kept in any case.")
    seconds: AtLeastOne | None = Field(None, description="Items that are no older.", examples=[60])


class CacheChange(Input):
    """What is left out stays as it is, in `limits` and `history` too."""

    durable: Durable | None = None
    limits: CacheLimits | None = None
    history: History | None = None
    slow_reader_policy: Policy | None = None

    def changes(self) -> Changes:
        """Return what is to be changed, by column."""
        limits = {} if self.limits is None else self.limits.model_dump(exclude_unset=True)
        history = {} if self.history is None else self.history.model_dump(exclude_unset=True)
        durable = {} if self.durable is None else {"durable": self.durable}
        policy = {} if self.slow_reader_policy is None else {"slow_reader_policy": self.slow_reader_policy}
        return durable | policy | limits | {f"history_{name}": value for name, value in history.items()}


class NewCache(CacheChange):
    name: Annotated[str, StringConstraints(max_length=1024), Field(examples=["chat"])]


class CacheInfo(Output):
    name: str
    durable: bool
    limits: CacheLimits
    history: History
    slow_reader_policy: Policy
    created_at_epoch_seconds: int

    @classmethod
    def of(cls, cache: Cache) -> "CacheInfo":
        return cls(
            name=cache.name,
            durable=cache.durable,
            limits=CacheLimits(**asdict(cache.limits)),
            history=History(**asdict(cache.history)),
            slow_reader_policy=cache.policy,
            created_at_epoch_seconds=cache.created_at,
        )


class Caches(Listing):
    caches: list[CacheInfo]


class BusyTopicInfo(Output):
    topic: Annotated[str, Field(examples=["lobby"])]
    publishes: Annotated[int, Field(description="Acknowledged in the last minute.", examples=[1200])]
    bytes: Annotated[int, Field(description="Of their values.", examples=[614400])]
    subscriptions: Annotated[int, Field(description="Open at this moment.", examples=[37])]


class BusiestTopicsInfo(Output):
    topics: list[BusyTopicInfo]
    complete: Annotated[bool, Field(description="Whether every router has answered.")]

    @classmethod
    def of(cls, heard: HeardTopics) -> "BusiestTopicsInfo":
        topics = [
            BusyTopicInfo(
                topic=topic.name, publishes=topic.publishes, bytes=topic.bytes, subscriptions=topic.subscriptions
            )
            for topic in heard.topics
        ]
        return cls(topics=topics, complete=heard.is_complete)
