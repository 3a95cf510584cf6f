"""What goes over the REST API about caches."""

from typing import Annotated

from pydantic import Field, StringConstraints

from accounts.caches.models import Cache
from accounts.rest.paging import Listing
from accounts.rest.schemas import Input, Output

Durable = Annotated[
    bool, Field(strict=True, description="What was published outlives the storage node that owns the topic.")
]


class NewCache(Input):
    name: Annotated[str, StringConstraints(max_length=1024), Field(examples=["chat"])]
    durable: Durable = False


class CacheChange(Input):
    durable: Durable


class CacheInfo(Output):
    name: str
    durable: bool
    created_at_epoch_seconds: int

    @classmethod
    def of(cls, cache: Cache) -> "CacheInfo":
        return cls(name=cache.name, durable=cache.durable, created_at_epoch_seconds=cache.created_at)


class Caches(Listing):
    caches: list[CacheInfo]
