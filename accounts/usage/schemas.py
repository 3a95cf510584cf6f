"""What goes over the REST API about usage."""

from typing import Annotated

from pydantic import Field, StringConstraints

from accounts.rest.schemas import Input, Output
from accounts.usage.reports import Report, Row


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

    @classmethod
    def of(cls, row: Row) -> "UsageRow":
        return cls(
            start=row.start.isoformat(),
            meter=row.meter,
            cache=row.cache or None,
            cache_id=row.cache_id or None,
            api_key=row.api_key or None,
            token_id=row.token_id or None,
            messages=row.counts.messages,
            bytes=row.counts.bytes,
            operations=row.counts.operations,
            subscription_seconds=row.counts.seconds,
            peak_subscriptions=row.counts.peak,
        )


class UsageReport(Output):
    """All pieces of time from `start` to before `end` in which something was used."""

    start: str
    end: str
    time_zone: str
    usage: list[UsageRow]

    @classmethod
    def of(cls, report: Report) -> "UsageReport":
        return cls(
            start=report.start.isoformat(),
            end=report.end.isoformat(),
            time_zone=report.time_zone,
            usage=[UsageRow.of(row) for row in report.rows],
        )


class UsageSettings(Input):
    time_zone: Annotated[
        str,
        StringConstraints(max_length=64),
        Field(description="In which days and months begin; an IANA name.", examples=["Europe/Vienna"]),
    ]
