"""Header blocks: those of requests, decoded by `hpack` and remembered, and those of answers.

A client that publishes sends the same block again and again, mostly indices into the table that both sides keep. Such
a block means the same until the table changes, so it is decoded once: hpack takes 40 to 100 µs for one.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final

from hpack import Decoder, Encoder, HPACKError, NeverIndexedHeaderTuple
from hpack.exceptions import OversizedHeaderListError

from http2.frames import Code, ConnectionFault, StreamFault
from http2.limits import Limits
from http2.rules import Head

Headers = tuple[tuple[bytes, bytes], ...]

DECODED: Final = 2
"""So many times of what a request may have is decoded: the connection ends beyond that, but its stream alone before."""

_REMEMBERED: Final = 64
_REMEMBERED_BYTES: Final = 2048
"""Of one block. Longer ones put too little into the table, and would hold memory here."""

_MOST_RESIZES: Final = 2
_RESIZE_MASK: Final = 0xE0
_RESIZE: Final = 0x20
_LONG: Final = 0x1F
_GOES_ON: Final = 0x80
"""How a change of the table's size is told: three bits, and a number that goes on in the next byte where it is long."""


class Heads:
    """The header blocks of one connection's client."""

    def __init__(self, limits: Limits, scheme: str) -> None:
        self._limits = limits
        self._scheme = scheme
        self._decoder = Decoder(max_header_list_size=DECODED * limits.header_bytes)
        self._known: dict[bytes, Head] = {}

    def head(self, block: bytes) -> Head:
        """Return the request that a block tells of.

        Raises:
            ConnectionFault: it cannot be decoded, and neither can any that follows.
            StreamFault: it can, and is no request for us.
        """
        known = self._known.get(block)
        if known is not None:
            return known
        found, same = self._decoded(block)
        head = Head(found, self._scheme)
        if same and len(self._known) < _REMEMBERED and len(block) <= _REMEMBERED_BYTES:
            self._known[block] = head
        return head

    def skip(self, block: bytes) -> None:
        """Take note of a block that nobody wants; the table must follow it.

        Raises:
            ConnectionFault: see `head`.
        """
        if block not in self._known:
            self._decoded(block)

    def _decoded(self, block: bytes) -> tuple[list[tuple[bytes, bytes]], bool]:
        """Return the fields, and whether the block left the table as it was; where not, what is known is forgotten."""
        if _resizes_too_often(block):
            raise ConnectionFault(Code.COMPRESSION_ERROR, "the headers change the table's size too often")
        size, length, first = self._state()
        try:
            found = [(field[0], field[1]) for field in self._decoder.decode(block, raw=True)]
        except OversizedHeaderListError:
            raise ConnectionFault(Code.ENHANCE_YOUR_CALM, "the headers are too long") from None
        except HPACKError:
            raise ConnectionFault(Code.COMPRESSION_ERROR, "the headers cannot be decoded") from None
        now = self._state()
        same = now[:2] == (size, length) and now[2] is first
        if not same:
            self._known.clear()
        size = sum(len(name) + len(value) for name, value in found)
        if len(found) > self._limits.headers or size > self._limits.header_bytes:
            raise StreamFault(Code.ENHANCE_YOUR_CALM)
        return found, same

    def _state(self) -> tuple[int, int, object]:
        """Return what differs after each change of the table: whatever is added stands first, as a new object."""
        table = self._decoder.header_table
        entries: Sequence[object] = table.dynamic_entries  # not of pairs: compiled code would make new ones of them
        return table.maxsize, len(entries), entries[0] if entries else None


def _resizes_too_often(block: bytes) -> bool:
    """Return whether a block begins with more changes of the table's size than are ever needed (RFC 7541, 4.2).

    They are nothing that counts as headers: 120 KiB of them kept everybody waiting for a tenth of a second.
    """
    place = 0
    for _ in range(_MOST_RESIZES + 1):
        if place >= len(block) or block[place] & _RESIZE_MASK != _RESIZE:
            return False
        if block[place] & _LONG == _LONG:
            place += 1
            while place < len(block) and block[place] & _GOES_ON:
                place += 1
        place += 1
    return True


def fields(headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Return a block that uses no table, so that it means the same on each connection."""
    return Encoder().encode([NeverIndexedHeaderTuple(name, value) for name, value in headers], huffman=False)


@lru_cache(maxsize=1024)
def trailers(headers: Headers) -> bytes:
    """Return the block that ends an answer."""
    return fields(headers)


@lru_cache(maxsize=1024)
def answer(status: int, headers: Headers) -> bytes:
    """Return the block that begins one."""
    return fields(((b":status", b"%d" % status), *headers))
