"""The client's side of HTTP/2 framing without I/O, as far as a load generator needs it: it counts, and keeps nothing.

Anything unexpected raises: a generator that goes on after a refused request would report a figure that nobody earned.
Frame layouts and numbers are those of RFC 9113.
"""

import struct
from collections.abc import Callable
from typing import Final

PREFACE: Final = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
WINDOW: Final = 2**31 - 1
"""The largest flow-control window that the protocol allows. Readers offer it, so that only TCP holds a server back."""

SMALLEST_FRAME_BYTES: Final = 16_384
"""The longest payload that each server takes."""

_HEADER: Final = struct.Struct(">IBI")
_HEADER_BYTES: Final = 9
_DEFAULT_WINDOW: Final = 65_535
_STREAM: Final = 0x7FFF_FFFF

_HEADER_TABLE_SIZE, _ENABLE_PUSH, _INITIAL_WINDOW_SIZE, _MAX_FRAME_SIZE = 1, 2, 4, 5


class Kind:
    """Numbers of the frame types; plain integers, since they are compared for each frame that arrives."""

    DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE = 0, 1, 3, 4, 6, 7, 8


class Flag:
    """Bits of a frame's flags."""

    ACK, END_STREAM, END_HEADERS, PADDED, PRIORITY = 0x1, 0x1, 0x4, 0x8, 0x20


class ProtocolError(Exception):
    """The server refused a request, or said something that this client does not take."""


def frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    """Return one frame."""
    return _HEADER.pack(len(payload) << 8 | kind, flags, stream) + payload


class Request:
    """A request that is sent many times: the same bytes each time, but for the stream's number.

    Args:
        block: The header block.
        body: What goes in the one DATA frame, if it fits the smallest frame that a server may take; a longer one is
            for `uploads.UploadingConnection`.
    """

    def __init__(self, block: bytes, body: bytes) -> None:
        if len(block) > SMALLEST_FRAME_BYTES:
            raise ValueError("a request's headers must fit one frame")
        self.block, self.body, self.body_bytes = block, body, len(body)
        headers = frame(Kind.HEADERS, Flag.END_HEADERS, 0, block)
        data = frame(Kind.DATA, Flag.END_STREAM, 0, body)
        self._before = headers[:5]
        self._between = headers[9:] + data[:5]
        self._after = data[9:]

    def on(self, stream: int) -> bytes:
        """Return the request's bytes on a stream.

        Raises:
            ValueError: the body must go in several frames.
        """
        if self.body_bytes > SMALLEST_FRAME_BYTES:
            raise ValueError("the body does not fit one frame")
        number = stream.to_bytes(4, "big")
        return b"".join((self._before, number, self._between, number, self._after))


class Connection:
    """One connection as its client sees it.

    Args:
        check_end: Raises if a header block that ends a stream tells of a failure. Asked once for each distinct block:
            the response's compression table is switched off, so equal blocks have equal meaning.
        apart: The length of DATA frames that are counted by themselves.

    Attributes:
        data_bytes: Payload of all other DATA frames that has arrived.
        apart_bytes: Payload of those, from when they have begun to arrive.
        ended: Streams that ended well.
        outgoing: What must be sent soon: acknowledgements and window updates.
        ready: The server's settings are known.
    """

    def __init__(self, check_end: Callable[[bytes], None], apart: int = 0) -> None:
        self.data_bytes = 0
        self.apart_bytes = 0
        self.ended = 0
        self.ready = False
        self.outgoing = bytearray(_opening())
        self._check_end = check_end
        self._good_blocks: set[bytes] = set()
        self._next_stream = 1
        self._send_window = _DEFAULT_WINDOW
        self._data_left = 0
        self._apart = apart
        self._is_apart = False
        self._held = bytearray()
        self._consumed = 0
        self._consumed_by_stream: dict[int, int] = {}

    def send(self, request: Request) -> bytes:
        """Return a request's bytes on the next stream.

        Raises:
            ProtocolError: the server's connection window is used up.
        """
        stream = self._next_stream
        self._next_stream += 2
        self._send_window -= request.body_bytes
        if self._send_window < 0:
            raise ProtocolError("the server's connection window is used up")
        return request.on(stream)

    def receive(self, chunk: memoryview) -> None:
        """Take what the server sent; a chunk may begin and end anywhere."""
        position, end = 0, len(chunk)
        while position < end:
            if self._data_left:
                taken = min(self._data_left, end - position)
                self._data_left -= taken
                if not self._is_apart:
                    self.data_bytes += taken
                position += taken
            elif self._held or end - position < _HEADER_BYTES:
                position = self._gather(chunk, position)
            else:
                position = self._take(chunk, position, end)

    def _take(self, chunk: memoryview, position: int, end: int) -> int:
        """Take the frame that begins at `position`; return where the next one begins, or `end` if it is held."""
        length_and_kind, flags, stream = _HEADER.unpack_from(chunk, position)
        length = length_and_kind >> 8
        kind = length_and_kind & 0xFF
        position += _HEADER_BYTES
        if kind == Kind.DATA:
            self._data(flags, stream & _STREAM, length)
            return position
        after = position + length
        if after > end:
            self._held += chunk[position - _HEADER_BYTES : end]
            return end
        self._control(kind, flags, stream & _STREAM, bytes(chunk[position:after]))
        return after

    def _gather(self, chunk: memoryview, position: int) -> int:
        """Complete a frame whose header or payload was cut by the end of an earlier chunk; return where to go on."""
        position = self._hold(chunk, position, _HEADER_BYTES)
        if len(self._held) < _HEADER_BYTES:
            return position
        length_and_kind, _, _ = _HEADER.unpack_from(self._held)
        if length_and_kind & 0xFF != Kind.DATA:
            whole_bytes = _HEADER_BYTES + (length_and_kind >> 8)
            position = self._hold(chunk, position, whole_bytes)
            if len(self._held) < whole_bytes:
                return position
        whole = memoryview(bytes(self._held))
        self._held.clear()
        self._take(whole, 0, len(whole))
        return position

    def _hold(self, chunk: memoryview, position: int, wanted: int) -> int:
        """Let what is held grow to `wanted` bytes, as far as the chunk goes; return where to go on."""
        missing = max(0, min(wanted - len(self._held), len(chunk) - position))
        self._held += chunk[position : position + missing]
        return position + missing

    def _data(self, flags: int, stream: int, length: int) -> None:
        if flags & (Flag.PADDED | Flag.END_STREAM):
            raise ProtocolError(f"stream {stream}: padded data, or a stream that ended without a status")
        self._data_left = length
        self._is_apart = length == self._apart
        if self._is_apart:
            self.apart_bytes += length
        self._consumed += length
        if self._consumed > WINDOW // 2:
            self.outgoing += frame(Kind.WINDOW_UPDATE, 0, 0, self._consumed.to_bytes(4, "big"))
            self._consumed = 0
        consumed = self._consumed_by_stream.get(stream, 0) + length
        if consumed > WINDOW // 2:
            self.outgoing += frame(Kind.WINDOW_UPDATE, 0, stream, consumed.to_bytes(4, "big"))
            consumed = 0
        self._consumed_by_stream[stream] = consumed

    def _control(self, kind: int, flags: int, stream: int, payload: bytes) -> None:
        match kind:
            case Kind.HEADERS:
                self._headers(flags, stream, payload)
            case Kind.WINDOW_UPDATE if stream == 0:
                self._send_window += int.from_bytes(payload, "big") & WINDOW
            case Kind.PING if not flags & Flag.ACK:
                self.outgoing += frame(Kind.PING, Flag.ACK, 0, payload)
            case Kind.SETTINGS if not flags & Flag.ACK:
                self.ready = True
                self.outgoing += frame(Kind.SETTINGS, Flag.ACK, 0, b"")
            case Kind.RST_STREAM:
                raise ProtocolError(f"stream {stream} was reset with code {int.from_bytes(payload, 'big')}")
            case Kind.GOAWAY:
                code = int.from_bytes(payload[4:8], "big")
                raise ProtocolError(f"the server goes away with code {code}: {payload[8:].decode(errors='replace')}")
            case _:
                pass

    def _headers(self, flags: int, stream: int, block: bytes) -> None:
        if not flags & Flag.END_HEADERS or flags & (Flag.PADDED | Flag.PRIORITY):
            raise ProtocolError(f"stream {stream}: headers in a form that this client does not take")
        if not flags & Flag.END_STREAM:
            return
        self._consumed_by_stream.pop(stream, None)
        if block not in self._good_blocks:
            self._check_end(block)
            self._good_blocks.add(block)
        self.ended += 1


def _opening() -> bytes:
    """Return the preface with settings: no compression table, no push, the largest windows and a large frame."""
    settings = ((_HEADER_TABLE_SIZE, 0), (_ENABLE_PUSH, 0), (_INITIAL_WINDOW_SIZE, WINDOW), (_MAX_FRAME_SIZE, 2**20))
    payload = b"".join(struct.pack(">HI", name, value) for name, value in settings)
    update = frame(Kind.WINDOW_UPDATE, 0, 0, (WINDOW - _DEFAULT_WINDOW).to_bytes(4, "big"))
    return PREFACE + frame(Kind.SETTINGS, 0, 0, payload) + update
