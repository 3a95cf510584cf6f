"""A whole answer as it is written: three frames in one piece."""

from functools import lru_cache
from typing import NamedTuple

from http2.at_once import Fields
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


@lru_cache(maxsize=64)
def whole(headers: Fields, body: bytes, ends: Fields) -> Whole:
    """Return an answer with status 200; most answers are the same."""
    head, tail = answer(200, headers), trailers(ends)
    return Whole(
        head,
        body,
        tail,
        _before_stream(Kind.HEADERS, Flag.END_HEADERS, head),
        head + _before_stream(Kind.DATA, 0, body),
        body + _before_stream(Kind.HEADERS, Flag.END_HEADERS | Flag.END_STREAM, tail),
    )


def _before_stream(kind: int, flags: int, payload: bytes) -> bytes:
    return len(payload).to_bytes(3, "big") + bytes((kind, flags))
