"""What goes over the REST API about limits."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from accounts.limits.service import Standing
from accounts.rest.schemas import Input, Output
from api.account import LARGEST_MESSAGE_BYTES

LARGEST = 2**53 - 1

Amount = Annotated[int, Field(strict=True, ge=0, le=LARGEST)]
MessageBytes = Annotated[int, Field(strict=True, ge=1, le=LARGEST_MESSAGE_BYTES)]


class LimitInfo(Output):
    """One limit of the account, or of a cache that has one of its own."""

    name: str = Field(examples=["publishes_per_second"])
    cache: str | None = Field(description="The name of the cache; null for the whole account.", examples=[None])
    value: int = Field(description="What is in force.", examples=[200])
    source: Literal["plan", "account", "cache"] = Field(description="Who has set that.", examples=["account"])
    soft: int = Field(description="What holds where nothing else is set: the plan's, or of a cache the account's.")
    hard: int = Field(description="What the account's owner may raise it to; beyond, an operator decides.")
    used: int | None = Field(description="Now, by all routers; null where it is not known.", examples=[42])
    peak_7_days: int | None = Field(description="The most that was seen in seven days.", examples=[180])
    refused_24_hours: int | None = Field(description="Requests that were refused for it.", examples=[0])

    @classmethod
    def of(cls, standing: Standing) -> "LimitInfo":
        return cls(
            name=standing.name,
            cache=standing.cache,
            value=standing.value,
            source=standing.source,
            soft=standing.plan,
            hard=standing.hard,
            used=standing.used.now,
            peak_7_days=standing.used.peak,
            refused_24_hours=standing.used.refused,
        )


class LimitsInfo(Output):
    limits: list[LimitInfo]


class LimitsChange(Input):
    """What is left out stays as it is; null is what the plan gives."""

    publishes_per_second: Amount | None = Field(None, examples=[200])
    publish_bytes_per_second: Amount | None = None
    subscriptions: Amount | None = None
    message_bytes: MessageBytes | None = None
    caches: Amount | None = None
    api_keys: Amount | None = None

    def wanted(self) -> Mapping[str, int | None]:
        """Return what is to be changed."""
        return self.model_dump(exclude_unset=True)
