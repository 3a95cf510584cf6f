"""The layout and the numbers of HTTP/2's frames (RFC 9113), and the frames that are written whole."""

import struct
from typing import Final

PREFACE: Final = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
HEADER: Final = struct.Struct(">IBI")
"""Length and kind, flags, stream. The length has 24 bits, so it shares an integer with the kind."""

NUMBER: Final = struct.Struct(">I")
"""Of a stream, which ends that."""

HEADER_BYTES: Final = 9
FRAME_BYTES: Final = 16_384
"""The longest payload that each side takes. We ask for no more."""

MOST_FRAME_BYTES: Final = 256 * 1024
"""What we send at most in one frame to a client that takes as much, as gRPC in C++ and Python does. Streams have
their turns frame by frame."""

STREAM_ID: Final = 0x7FFF_FFFF
MAX_WINDOW: Final = 0x7FFF_FFFF
DEFAULT_WINDOW: Final = 65_535
HEADER_TABLE_SIZE, ENABLE_PUSH, MAX_CONCURRENT_STREAMS = 1, 2, 3
INITIAL_WINDOW_SIZE, MAX_FRAME_SIZE, MAX_HEADER_LIST_SIZE = 4, 5, 6
MAX_FRAME_SIZE_LIMIT: Final = 16_777_215
SETTING: Final = struct.Struct(">HI")


class Kind:
    """Types of frames; constants, each by itself, so that what is compiled has the numbers in their place."""

    DATA: Final = 0
    HEADERS: Final = 1
    PRIORITY: Final = 2
    RST_STREAM: Final = 3
    SETTINGS: Final = 4
    PUSH_PROMISE: Final = 5
    PING: Final = 6
    GOAWAY: Final = 7
    WINDOW_UPDATE: Final = 8
    CONTINUATION: Final = 9


class Flag:
    """Bits of a frame's flags."""

    ACK: Final = 0x1
    END_STREAM: Final = 0x1
    END_HEADERS: Final = 0x4
    PADDED: Final = 0x8
    PRIORITY: Final = 0x20


class Code:
    """Error codes of RST_STREAM and GOAWAY."""

    NO_ERROR: Final = 0
    PROTOCOL_ERROR: Final = 1
    INTERNAL_ERROR: Final = 2
    FLOW_CONTROL_ERROR: Final = 3
    SETTINGS_TIMEOUT: Final = 4
    STREAM_CLOSED: Final = 5
    FRAME_SIZE_ERROR: Final = 6
    REFUSED_STREAM: Final = 7
    CANCEL: Final = 8
    COMPRESSION_ERROR: Final = 9
    ENHANCE_YOUR_CALM: Final = 11
    INADEQUATE_SECURITY: Final = 12
    HTTP_1_1_REQUIRED: Final = 13


class ConnectionFault(Exception):
    """The client broke the protocol, or asked for too much: the connection ends with GOAWAY."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


class StreamFault(Exception):
    """Likewise, but only one stream ends, with RST_STREAM."""

    def __init__(self, code: int) -> None:
        super().__init__(f"stream error {code}")
        self.code = code


def frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    """Return one frame."""
    return HEADER.pack(len(payload) << 8 | kind, flags, stream) + payload


def settings(values: dict[int, int]) -> bytes:
    """Return our SETTINGS, by their numbers."""
    return frame(Kind.SETTINGS, 0, 0, b"".join(SETTING.pack(*each) for each in values.items()))


def window_update(stream: int, bytes_: int) -> bytes:
    """Return what lets the client send so much more."""
    return frame(Kind.WINDOW_UPDATE, 0, stream, bytes_.to_bytes(4, "big"))


def rst_stream(stream: int, code: int) -> bytes:
    """Return what ends a stream at once."""
    return frame(Kind.RST_STREAM, 0, stream, code.to_bytes(4, "big"))


def goaway(last_stream: int, code: int, text: str = "") -> bytes:
    """Return what tells a client that no stream after `last_stream` is served here."""
    return frame(Kind.GOAWAY, 0, 0, struct.pack(">II", last_stream, code) + text.encode())
