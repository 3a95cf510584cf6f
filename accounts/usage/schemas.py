"""What goes over the REST API about usage."""

from typing import Annotated

from pydantic import Field, StringConstraints

from accounts.rest.schemas import Input, Output


class UsageRow(Output):
    start: str = Field(examples=["2026-03-01T00:00:00+01:00"])
    meter: str = Field(
        description="publish, delivery, subscription, concurrency, or refused. and the reason, which is not billed.",
        examples=["publish"],
    )
    cache: str | None = Field(description="null where caches are not told apart, and for what concerns none.")
    cache_id: str | None = Field(description="Tells caches apart that had the same name, one after the other.")
    api_key: str | None = Field(description="The id of the key; null where keys are not told apart, and for no key.")
    token_id: str | None = Field(description="As it was given when the token was made; null as above.")
    messages: int
    bytes: int = Field(description="Of the values.")
    operations: int = Field(description="One for each KiB, or part of it, of each message.")
    subscription_seconds: int
    peak_subscriptions: int = Field(description="The most that were open at a time.")


class UsageReport(Output):
    """All pieces of time from `start` to before `end` in which something was used."""

    start: str
    end: str
    time_zone: str
    usage: list[UsageRow]


class UsageSettings(Input):
    time_zone: Annotated[
        str,
        StringConstraints(max_length=64),
        Field(description="In which days and months begin; an IANA name.", examples=["Europe/Vienna"]),
    ]
