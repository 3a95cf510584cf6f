"""A whole answer as it is written: three frames in one piece."""

from typing import Final, NamedTuple

from http2.at_once import Answer
from http2.blocks import answer, trailers
from http2.frames import Flag, Kind


class Whole(NamedTuple):
    """The header block, the body and the block of the trailers; and the frames of all, cut where the stream belongs."""

    head: bytes
    body: bytes
    tail: bytes
    before: bytes
    between: bytes
    after: bytes


def whole(answered: Answer) -> Whole:
    """Return an answer with status 200. Most are one and the same object, and so the last one is remembered."""
    if answered is not _last.answer:
        _last.answer, _last.whole = answered, _whole(answered)
    return _last.whole


def _whole(answered: Answer) -> Whole:
    head, body, tail = answer(200, answered.headers), answered.body, trailers(answered.trailers)
    return Whole(
        head,
        body,
        tail,
        _before_stream(Kind.HEADERS, Flag.END_HEADERS, head),
        head + _before_stream(Kind.DATA, 0, body),
        body + _before_stream(Kind.HEADERS, Flag.END_HEADERS | Flag.END_STREAM, tail),
    )


class _Last:
    """The answer that was asked for last."""

    def __init__(self) -> None:
        self.answer: Answer | None = None
        self.whole = Whole(b"", b"", b"", b"", b"", b"")


_last: Final = _Last()


def _before_stream(kind: int, flags: int, payload: bytes) -> bytes:
    return len(payload).to_bytes(3, "big") + bytes((kind, flags))
