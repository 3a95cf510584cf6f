"""What goes over the REST API about batches."""

from collections.abc import Mapping
from datetime import UTC, datetime

from pydantic import Field

from accounts.batches.listing import Part, Source
from accounts.rest.paging import Listing
from accounts.rest.schemas import Output
from accounts.usage.repository import Counts
from api.usage import BY_KEY, BY_TOKEN


class BatchPart(Output):
    meter: str = Field(examples=["publish"])
    cache: str | None = Field(description="null where caches are not told apart, and for what concerns none.")
    cache_id: str | None
    api_key: str | None = Field(description="The id of the key; null where keys are not told apart, and for no key.")
    token_id: str | None
    messages: int
    bytes: int
    operations: int
    subscription_seconds: int
    peak_subscriptions: int

    @classmethod
    def of(cls, part: Part, counts: Counts, names: Mapping[str, str]) -> "BatchPart":
        meter, cache_id, principal = part
        return cls(
            meter=meter,
            cache=names.get(cache_id) or None,
            cache_id=cache_id or None,
            api_key=principal.removeprefix(BY_KEY) if principal.startswith(BY_KEY) else None,
            token_id=principal.removeprefix(BY_TOKEN) if principal.startswith(BY_TOKEN) else None,
            messages=counts.messages,
            bytes=counts.bytes,
            operations=counts.operations,
            subscription_seconds=counts.seconds,
            peak_subscriptions=counts.peak,
        )


class BatchInfo(Output):
    router: str
    boot: str = Field(description="One life of the router's process.")
    number: int = Field(description="Of the batch in its boot: from 1, without gaps.")
    minute: str = Field(description="In which its usage counts.", examples=["2026-03-01T12:00:00Z"])
    received_at_epoch_seconds: int
    digest: str = Field(description="SHA-256 of the whole batch, in which there may be usage of other accounts.")
    previous_digest: str = Field(description="Of the batch before, as this one says it; empty in the first.")
    is_intact: bool = Field(description="Its bytes have this digest, and the batch before has the one it says.")
    usage: list[BatchPart] = Field(description="What is in it of this account.")

    @classmethod
    def of(cls, source: Source, names: Mapping[str, str]) -> "BatchInfo":
        batch = source.batch
        return cls(
            router=batch.router,
            boot=batch.boot,
            number=batch.number,
            minute=datetime.fromtimestamp(source.minute * 60, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            received_at_epoch_seconds=batch.received_at,
            digest=batch.digest.hex(),
            previous_digest=source.previous.hex(),
            is_intact=source.is_intact,
            usage=[BatchPart.of(part, counts, names) for part, counts in source.parts],
        )


class BatchList(Listing):
    batches: list[BatchInfo]
