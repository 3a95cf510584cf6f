"""Usage as CloudEvents 1.0 in structured mode, one JSON object a line: each line of a batch that a router wrote.

The id is the same in every export. `sequence` is the number of the batch in its router's boot, and `previous` that of
the batch before it with usage of the account: whoever does not have that one has lost it.
"""

import json
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from accounts.billing.periods import iso
from accounts.exports.rows import CountedLine

TYPE = "tidings.usage.counted.v1"
SEQUENCE_DIGITS = 20


class CloudEvents:
    """One event a line."""

    media_type = "application/x-ndjson"
    suffix = "cloudevents.jsonl"

    def begin(self) -> bytes:
        """Return what comes first."""
        return b""

    def rows(self, lines: Iterable[CountedLine]) -> bytes:
        """Return events."""
        return "".join(f"{json.dumps(event(line), separators=(',', ':'))}\n" for line in lines).encode()

    def end(self) -> bytes:
        """Return what comes last."""
        return b""


def event(line: CountedLine) -> dict[str, Any]:
    """Return one event."""
    told: dict[str, Any] = {
        "specversion": "1.0",
        "id": f"{line.router}/{line.boot}/{line.number}/{line.account_id}/{line.place}",
        "source": f"/routers/{quote(line.router, safe='')}/boots/{quote(line.boot, safe='')}",
        "type": TYPE,
        "subject": line.account_id,
        "time": iso(line.minute * 60),
        "datacontenttype": "application/json",
        "sequence": f"{line.number:0{SEQUENCE_DIGITS}d}",
        "sequenceline": line.place,
        "sequencelines": line.lines,
        "data": {
            "cache_id": line.cache_id,
            "meter": line.meter,
            "principal": line.principal,
            "messages": line.messages,
            "bytes": line.bytes,
            "operations": line.operations,
            "seconds": line.seconds,
        },
    }
    if line.previous is not None:
        told["previous"] = f"{line.previous:0{SEQUENCE_DIGITS}d}"
    return told
