"""Request header blocks made once: a connection's first one teaches the server's table, all later ones refer to it.

So do the gRPC libraries, and so each request is the same few bytes. Representations are those of RFC 7541, 6.1 and 6.2.
"""

from collections.abc import Sequence
from typing import NamedTuple

import hpack

_POST = b"\x83"
_HTTP = b"\x86"
_FIRST_DYNAMIC_INDEX = 62
_TABLE_BYTES = 4096
_ENTRY_OVERHEAD_BYTES = 32


class Blocks(NamedTuple):
    """Two blocks that mean the same: `first` opens a connection, `later` is for every other request on it."""

    first: bytes
    later: bytes


def post(headers: Sequence[tuple[bytes, bytes]]) -> Blocks:
    """Return the blocks of a plaintext POST with these headers, `:path` and `:authority` first among them."""
    if sum(len(name) + len(value) + _ENTRY_OVERHEAD_BYTES for name, value in headers) > _TABLE_BYTES:
        raise ValueError("the headers do not fit a compression table of the default size")
    taught = b"".join(b"\x40" + _string(name) + _string(value) for name, value in headers)
    newest_is_lowest = range(_FIRST_DYNAMIC_INDEX + len(headers) - 1, _FIRST_DYNAMIC_INDEX - 1, -1)
    referred = b"".join(bytes([0x80 | index]) for index in newest_is_lowest)
    return Blocks(_POST + _HTTP + taught, _POST + _HTTP + referred)


def read(block: bytes) -> dict[bytes, bytes]:
    """Return the headers of a block that was written without a compression table."""
    return dict(hpack.Decoder().decode(block, raw=True))


def literal_names(name: bytes) -> tuple[bytes, bytes]:
    """Return a name as it stands in a block where it is in neither table: in Huffman's code, and as it is."""
    named = [hpack.NeverIndexedHeaderTuple(name, b"")]
    return hpack.Encoder().encode(named)[1:-1], hpack.Encoder().encode(named, huffman=False)[1:-1]


def literal(block: bytes, names: tuple[bytes, bytes]) -> str | None:
    """Return the value of one header by its `literal_names`, or None; the others are not read.

    Each refusal has a request id of its own, so that no two blocks are alike, and to read them whole takes 30 us each.
    The value has to be short and stand as it is, as numbers do.
    """
    for name in names:
        _, found, after = block.partition(name)
        if found:
            return after[1 : 1 + after[0]].decode()
    return None


def _string(text: bytes) -> bytes:
    length = len(text)
    if length < 0x7F:
        return bytes([length]) + text
    rest = length - 0x7F
    encoded = bytearray([0x7F])
    while rest >= 0x80:
        encoded.append(rest & 0x7F | 0x80)
        rest >>= 7
    encoded.append(rest)
    return bytes(encoded) + text
