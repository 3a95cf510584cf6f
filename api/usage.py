"""What was used, in the numbers that a bill is made of: counted by routers, added up by the account service.

A batch is what one router counted in one window. Its bytes are written once, before anybody sees them, and are the same
wherever it is kept: each holds the digest of the one before it, so that one which is lost or altered shows.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from google.protobuf.message import DecodeError

from api import usage_pb2 as wire
from api.gaps import CAUSES, Cause, GapLine

OPERATION_BYTES = 1024
"""One operation is this much of one message, or a part of it."""

PUBLISH = "publish"
DELIVERY = "delivery"
SUBSCRIPTION = "subscription"
"""Seconds of open subscriptions."""

CONCURRENCY = "concurrency"
"""The most subscriptions that were open at a time: of a cache, and with an empty cache of the whole account."""

REFUSED = "refused."
"""What begins the meter of refused requests; the reason follows, a `TidingsError.code`."""

BY_KEY = "key:"
BY_TOKEN = "token:"  # noqa: S105 - no secret, but what comes before a token_id

LARGEST_COUNT = 2**53
"""No router counts this much in a window; a batch that says so is not believed. A thousand such fit into a column."""

VERSION = 1

_CAUSES: dict[str, Cause] = {cause: cause for cause in CAUSES}
"""A cause that a newer router knows is left out here."""


class Unreadable(Exception):
    """These bytes are not a batch that this version understands."""


class Line(NamedTuple):
    """What was counted under one combination of account, cache, meter and principal.

    Attributes:
        cache: The cache's id; empty where none is concerned.
        principal: `key:` and the id of an API key, `token:` and a token_id, or empty for whatever has neither.
        bytes: Of the values, without what surrounds them on the wire.
        peak: The most at a time; of two peaks the higher one counts, they are not added.
    """

    account: str
    cache: str
    meter: str
    principal: str
    messages: int = 0
    bytes: int = 0
    operations: int = 0
    seconds: int = 0
    peak: int = 0


@dataclass(frozen=True, slots=True)
class Batch:
    """What a router counted in one window.

    Attributes:
        boot: One life of the router's process.
        number: Of this batch in its boot: from 1, without gaps.
        previous: The digest of the batch before it; empty in the first.
        minute: Of the epoch, by the router's clock.
        last: The boot has ended with this batch.
        gaps: The discontinuities that it told to subscribers.
    """

    router: str
    boot: str
    number: int
    previous: bytes
    minute: int
    lines: Sequence[Line]
    last: bool = False
    gaps: Sequence[GapLine] = ()

    @property
    def id(self) -> str:
        """The same wherever the batch is seen, and no other batch's."""
        return batch_id(self.router, self.boot, self.number)


def batch_id(router: str, boot: str, number: int) -> str:
    """Return the id of a batch."""
    return f"{router}/{boot}/{number}"


def operations(value_bytes: int) -> int:
    """Return how many operations one message is: one for each KiB or part of it, and one for an empty value."""
    return (value_bytes + OPERATION_BYTES - 1) // OPERATION_BYTES or 1


def digest(payload: bytes) -> bytes:
    """Return what the batch that follows says of this one."""
    return hashlib.sha256(payload).digest()


def encode(batch: Batch) -> bytes:
    """Return a batch as bytes."""
    places: dict[str, int] = {}

    def place(word: str) -> int:
        return places.setdefault(word, len(places))

    lines = [
        wire.Line(
            account=place(line.account),
            cache=place(line.cache),
            meter=place(line.meter),
            principal=place(line.principal),
            messages=line.messages,
            bytes=line.bytes,
            operations=line.operations,
            seconds=line.seconds,
            peak=line.peak,
        )
        for line in batch.lines
    ]
    gaps = [
        wire.Gap(
            account=place(gap.account),
            cache=place(gap.cache),
            topic=place(gap.topic),
            cause=place(gap.cause),
            streams=gap.streams,
            after=gap.after,
            until=gap.until,
        )
        for gap in batch.gaps
    ]
    message = wire.Batch(
        version=VERSION,
        router=batch.router,
        boot=batch.boot,
        number=batch.number,
        previous=batch.previous,
        minute=batch.minute,
        words=list(places),
        lines=lines,
        last=batch.last,
        gaps=gaps,
    )
    return message.SerializeToString()


def decode(payload: bytes) -> Batch:
    """Return the batch in these bytes.

    Raises:
        Unreadable: they are none, of a newer form, or say what cannot be.
    """
    try:
        message = wire.Batch.FromString(payload)
    except DecodeError as reason:
        raise Unreadable("the bytes are no batch") from reason
    if message.version != VERSION:
        raise Unreadable(f"the batch has form {message.version}, and only {VERSION} is known here")
    if not message.router or not message.boot or not 0 < message.number < LARGEST_COUNT:
        raise Unreadable("the batch does not say which one it is")
    if not 0 < message.minute < LARGEST_COUNT:
        raise Unreadable("the batch does not say when it is from")
    try:
        lines = [_line(line, message.words) for line in message.lines]
        gaps = [_gap(gap, message.words) for gap in message.gaps if message.words[gap.cause] in _CAUSES]
    except IndexError as reason:
        raise Unreadable("a line refers to a word that is not there") from reason
    boot = (message.router, message.boot, message.number, message.previous)
    return Batch(*boot, message.minute, lines, message.last, gaps)


def _line(line: wire.Line, words: Sequence[str]) -> Line:
    counts = (line.messages, line.bytes, line.operations, line.seconds, line.peak)
    if max(counts) >= LARGEST_COUNT:
        raise Unreadable("a line counts more than can be")
    return Line(words[line.account], words[line.cache], words[line.meter], words[line.principal], *counts)


def _gap(gap: wire.Gap, words: Sequence[str]) -> GapLine:
    numbers = (gap.streams, gap.after, gap.until)
    if max(numbers) >= LARGEST_COUNT:
        raise Unreadable("a line of discontinuities counts more than can be")
    return GapLine(words[gap.account], words[gap.cache], words[gap.topic], _CAUSES[words[gap.cause]], *numbers)
