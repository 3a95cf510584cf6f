"""HTTP/2's frames as bytes (RFC 9113), right and wrong ones alike: tests say themselves what goes over the wire."""

import struct
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import hpack

DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
ACK = END_STREAM = 0x1
END_HEADERS, PADDED, PRIORITISED = 0x4, 0x8, 0x20

NO_ERROR, PROTOCOL_ERROR, INTERNAL_ERROR, FLOW_CONTROL_ERROR, SETTINGS_TIMEOUT, STREAM_CLOSED = range(6)
FRAME_SIZE_ERROR, REFUSED_STREAM, CANCEL, COMPRESSION_ERROR = range(6, 10)
ENHANCE_YOUR_CALM, HTTP_1_1_REQUIRED = 11, 13

HEADER_TABLE_SIZE, ENABLE_PUSH, MAX_CONCURRENT_STREAMS, INITIAL_WINDOW_SIZE, MAX_FRAME_SIZE = range(1, 6)

MAGIC = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
HEADER_BYTES = 9
FRAME_BYTES = 16_384
WINDOW_BYTES = 65_535
"""What each side may send before it is told anything else."""

Fields = Iterable[tuple[str | bytes, str | bytes]]
GRPC: Fields = (("content-type", "application/grpc"), ("te", "trailers"))


class Frame(NamedTuple):
    """One frame, as it came."""

    kind: int
    flags: int
    stream: int
    payload: bytes

    def has(self, flag: int) -> bool:
        return bool(self.flags & flag)

    @property
    def number(self) -> int:
        """The 32 bits of an error code or of a window's growth, which end the frames that have one."""
        return int.from_bytes(self.payload[-4:], "big")


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    return struct.pack(">I", len(payload))[1:] + bytes((kind, flags)) + struct.pack(">I", stream) + payload


def frames(data: bytearray) -> Iterator[Frame]:
    """Take the whole frames from the beginning of `data`."""
    while len(data) >= HEADER_BYTES:
        end = HEADER_BYTES + int.from_bytes(data[:3], "big")
        if len(data) < end:
            return
        kind, flags, stream = struct.unpack_from(">BBI", data, 3)
        payload = bytes(data[HEADER_BYTES:end])
        del data[:end]
        yield Frame(kind, flags, stream, payload)


def settings(values: Iterable[tuple[int, int]] = ()) -> bytes:
    return frame(SETTINGS, 0, 0, b"".join(struct.pack(">HI", *value) for value in values))


ACKNOWLEDGED = frame(SETTINGS, ACK, 0)
PREFACE = MAGIC + settings()


def fields(path: str = "/echo", extra: Fields = (), *, method: str = "POST", usual: Fields = GRPC) -> Fields:
    """Return the fields of a request."""
    pseudo = ((":method", method), (":scheme", "http"), (":authority", "localhost"), (":path", path))
    return [*pseudo, *usual, *extra]


def block(names: Fields) -> bytes:
    """Return a header block that touches no dynamic table."""
    return hpack.Encoder().encode([hpack.NeverIndexedHeaderTuple(*name) for name in names], huffman=False)


def headers(stream: int, path: str = "/echo", extra: Fields = (), *, end: bool = False) -> bytes:
    """Return what begins a request, in one frame."""
    return head(stream, block(fields(path, extra)), end=end)


def head(stream: int, of: bytes, *, end: bool = False, flags: int = END_HEADERS) -> bytes:
    return frame(HEADERS, flags | (END_STREAM if end else 0), stream, of)


def data(stream: int, body: bytes = b"", *, end: bool = False) -> bytes:
    return frame(DATA, END_STREAM if end else 0, stream, body)


def request(stream: int, path: str = "/echo", body: bytes = b"hello") -> bytes:
    """Return a whole request, in two frames."""
    return headers(stream, path) + data(stream, body, end=True)


def reset(stream: int, code: int = CANCEL) -> bytes:
    return frame(RST_STREAM, 0, stream, struct.pack(">I", code))


def window_update(stream: int, growth: int) -> bytes:
    return frame(WINDOW_UPDATE, 0, stream, struct.pack(">I", growth))


def ping(text: bytes = b"12345678") -> bytes:
    return frame(PING, 0, 0, text)


def goaway(last: int = 0, code: int = NO_ERROR) -> bytes:
    return frame(GOAWAY, 0, 0, struct.pack(">II", last, code))
