"""What goes over the REST API about usage."""

from typing import Annotated

from pydantic import Field, StringConstraints
from pydantic_core import to_json

from accounts.rest.schemas import Input, Output
from accounts.usage.reports import Report


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


def report_json(report: Report) -> bytes:
    """Return a report as the JSON of a `UsageReport`.

    Without the model, which takes as long as all else for an answer of many thousand rows.
    """
    texts = {start: start.isoformat() for start in {row.start for row in report.rows}}
    usage = [
        {
            "start": texts[start],
            "meter": meter,
            "cache": cache or None,
            "cache_id": cache_id or None,
            "api_key": api_key or None,
            "token_id": token_id or None,
            "messages": messages,
            "bytes": size,
            "operations": operations,
            "subscription_seconds": seconds,
            "peak_subscriptions": peak,
        }
        for start, meter, cache_id, cache, api_key, token_id, (messages, size, operations, seconds, peak) in report.rows
    ]
    whole = {
        "start": report.start.isoformat(),
        "end": report.end.isoformat(),
        "time_zone": report.time_zone,
        "usage": usage,
    }
    return to_json(whole)


class UsageSettings(Input):
    time_zone: Annotated[
        str,
        StringConstraints(max_length=64),
        Field(description="In which days and months begin; an IANA name.", examples=["Europe/Vienna"]),
    ]
