"""What goes over the REST API about gaps."""

from pydantic import Field

from accounts.gaps.repository import Found
from accounts.rest.paging import Listing
from accounts.rest.schemas import Output
from api.gaps import Cause


class GapInfo(Output):
    """What subscribers of a topic were told to have missed, in one minute and for one cause."""

    at_epoch_seconds: int = Field(description="When the minute began.", examples=[1790000040])
    cache: str | None = Field(
        description="null where the cache is gone, or too many topics had gaps to tell them apart.", examples=["chat"]
    )
    topic: str | None = Field(description="null where too many topics had gaps to tell them apart.", examples=["lobby"])
    cause: Cause = Field(examples=["slow_reader"])
    streams: int = Field(description="How many were told: one for each stream and time.", examples=[3])
    from_sequence: int | None = Field(description="The lowest of the last numbers that they had.", examples=[41])
    to_sequence: int | None = Field(
        description="The highest of the numbers that they went on with; of the newer page, where there is one.",
        examples=[57],
    )

    @classmethod
    def of(cls, found: Found) -> "GapInfo":
        gap, cache = found
        is_apart = bool(gap.topic)
        return cls(
            at_epoch_seconds=gap.minute * 60,
            cache=cache,
            topic=gap.topic or None,
            cause=gap.cause,  # pyright: ignore[reportArgumentType] - what is written is a Cause
            streams=gap.streams,
            from_sequence=gap.after if is_apart else None,
            to_sequence=gap.until if is_apart else None,
        )


class GapList(Listing):
    gaps: list[GapInfo]
