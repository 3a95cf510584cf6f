"""What is exported, row by row."""

from collections.abc import Mapping
from typing import NamedTuple

from accounts.billing.periods import iso


class UsageRow(NamedTuple):
    """Usage of one cache, meter and principal in one step of time.

    Attributes:
        start: When the step begins, in epoch seconds.
        step: Its length in seconds.
        principal: As in `api.usage.Line`.
    """

    account_id: str
    start: int
    step: int
    cache_id: str
    cache_name: str
    meter: str
    principal: str
    messages: int
    bytes: int
    operations: int
    seconds: int


USAGE_COLUMNS = (
    "account_id",
    "start",
    "end",
    "cache_id",
    "cache_name",
    "meter",
    "principal",
    "messages",
    "bytes",
    "operations",
    "seconds",
)
USAGE_NUMBERS = frozenset({"messages", "bytes", "operations", "seconds"})

Cells = Mapping[str, str | int | None]
"""A row by column; None for what has no value."""


def usage_cells(row: UsageRow) -> Cells:
    """Return a row of usage as cells, its times as text in UTC."""
    fields = row._asdict()
    return {**fields, "start": iso(row.start), "end": iso(row.start + row.step)}


class CountedLine(NamedTuple):
    """A line of a batch that a router wrote.

    Attributes:
        place: Its place among the lines of the account in the batch, from 1.
        lines: How many lines of the account the batch has.
        previous: The number of the batch before it, of the same boot, that had lines of the account and is in the same
            export; None for the first one.
        minute: Of the epoch, in which it is counted.
    """

    router: str
    boot: str
    number: int
    place: int
    lines: int
    previous: int | None
    minute: int
    account_id: str
    cache_id: str
    meter: str
    principal: str
    messages: int
    bytes: int
    operations: int
    seconds: int
