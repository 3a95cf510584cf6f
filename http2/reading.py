"""The way in of a connection: bytes become frames, of which each is what the protocol lets it be."""

import asyncio
import time
from typing import TYPE_CHECKING, Final

from http2 import frames
from http2.blocks import DECODED
from http2.floods import Floods
from http2.frames import HEADER_BYTES, PREFACE, STREAM_ID, Code, ConnectionFault, Flag, Kind, StreamFault
from http2.limits import Limits

if TYPE_CHECKING:
    from http2.connection import Connection

SLICE_SECONDS: Final = 0.01
"""So long one connection is read at a time. Headers that no one has seen before may take milliseconds to decode, and
requests that are answered at once are part of it."""

_PRIORITY_BYTES: Final = 5
_CODE_BYTES: Final = 4
_PING_BYTES: Final = 8
_GOAWAY_BYTES: Final = 8


class Reading:
    """The frames of one client, in their order; what they ask for is the connection's.

    Attributes:
        has_settings: The client has sent its first frame.
        block_since: When the header block began that is not whole; 0 where there is none.
    """

    def __init__(self, connection: "Connection", limits: Limits, floods: Floods) -> None:
        self.has_settings = False
        self.block_since = 0.0
        self._connection = connection
        self._limits = limits
        self._floods = floods
        self._loop = asyncio.get_running_loop()
        self._came = b""
        self._position = 0
        self._has_preface = False
        self._block = bytearray()
        self._block_of = 0
        self._block_ends = False

    def receive(self, data: bytes, requests: int) -> bool:
        """Take what came, but no more than so many requests; return whether there is a rest.

        Raises:
            ConnectionFault: the client broke the protocol.
        """
        if data:
            self._came = self._came[self._position :] + data
            self._position = 0
        if not self._has_preface and not self._take_preface():
            return False
        came, position, end = self._came, self._position, len(self._came)
        first, latest = position, 0
        before, until = self._floods.streams, time.monotonic() + SLICE_SECONDS
        while end - position >= HEADER_BYTES:
            start = position + HEADER_BYTES
            length = came[position] << 16 | came[position + 1] << 8 | came[position + 2]
            kind, flags = came[position + 3], came[position + 4]
            if length > frames.FRAME_BYTES:
                raise ConnectionFault(Code.FRAME_SIZE_ERROR, "a frame is too long")
            if start + length > end:
                break
            number = int.from_bytes(came[position + 5 : start], "big") & STREAM_ID
            if kind == Kind.HEADERS:
                begun = self._floods.streams - before
                if begun >= requests or (begun and time.monotonic() > until):
                    self._position = position
                    return True
                latest = number
            elif (
                position > first
                and not (kind == Kind.DATA and number == latest)  # a request's body follows its headers
                and not self._block_of
                and time.monotonic() > until
            ):
                self._position = position
                return True
            position = start + length
            self._frame(kind, flags, number, came[start:position])
        self._came, self._position = came[position:], 0
        return False

    def _take_preface(self) -> bool:
        if not PREFACE.startswith(self._came[: len(PREFACE)]):
            raise ConnectionFault(Code.PROTOCOL_ERROR, "this is not HTTP/2")
        self._has_preface = len(self._came) >= len(PREFACE)
        if self._has_preface:
            self._position = len(PREFACE)
        return self._has_preface

    def _frame(self, kind: int, flags: int, number: int, payload: bytes) -> None:
        if self._block_of and (kind != Kind.CONTINUATION or number != self._block_of):
            raise ConnectionFault(Code.PROTOCOL_ERROR, "a header block is not whole")
        if not self.has_settings:
            if kind != Kind.SETTINGS or flags & Flag.ACK:
                raise ConnectionFault(Code.PROTOCOL_ERROR, "SETTINGS must be the first frame")
            self.has_settings = True
        try:
            if kind == Kind.DATA:
                self._data(flags, number, payload)
            elif kind == Kind.HEADERS:
                self._headers(flags, number, payload)
            elif kind == Kind.WINDOW_UPDATE:
                self._window_update(number, payload)
            elif kind == Kind.CONTINUATION:
                self._continuation(flags, number, payload)
            else:
                self._other(kind, flags, number, payload)
        except StreamFault as fault:
            self._connection.fault(number, fault.code)

    def _data(self, flags: int, number: int, payload: bytes) -> None:
        if number == 0:
            raise ConnectionFault(Code.PROTOCOL_ERROR, "DATA without a stream")
        length = len(payload)
        if flags & Flag.PADDED:
            payload = _without_padding(payload)
        ends = bool(flags & Flag.END_STREAM)
        if not payload and not ends:
            self._idle()
        self._connection.data(number, payload, length, ends=ends)

    def _headers(self, flags: int, number: int, payload: bytes) -> None:
        if number % 2 == 0:
            raise ConnectionFault(Code.PROTOCOL_ERROR, "HEADERS on a stream that no client may begin")
        if flags & Flag.PADDED:
            payload = _without_padding(payload)
        if flags & Flag.PRIORITY:
            if len(payload) < _PRIORITY_BYTES:
                raise ConnectionFault(Code.FRAME_SIZE_ERROR, "HEADERS too short for a priority")
            if int.from_bytes(payload[:4], "big") & STREAM_ID == number:
                raise ConnectionFault(Code.PROTOCOL_ERROR, "a stream that depends on itself")
            payload = payload[_PRIORITY_BYTES:]
        ends = bool(flags & Flag.END_STREAM)
        if flags & Flag.END_HEADERS:
            self._connection.headers(number, payload, ends=ends)
        else:
            self._block_of, self._block_ends, self._block = number, ends, bytearray(payload)
            self.block_since = self._loop.time()

    def _continuation(self, flags: int, number: int, payload: bytes) -> None:
        if not self._block_of:
            raise ConnectionFault(Code.PROTOCOL_ERROR, "CONTINUATION of nothing")
        self._block += payload
        if len(self._block) > DECODED * self._limits.header_bytes:
            raise ConnectionFault(Code.ENHANCE_YOUR_CALM, "the headers are too long")
        if not payload:
            self._idle()
        if flags & Flag.END_HEADERS:
            block, self._block = bytes(self._block), bytearray()
            self._block_of, self.block_since = 0, 0.0
            self._connection.headers(number, block, ends=self._block_ends)

    def _window_update(self, number: int, payload: bytes) -> None:
        _check_length(payload, _CODE_BYTES)
        more = int.from_bytes(payload, "big") & frames.MAX_WINDOW
        if more == 0:
            if number == 0:
                raise ConnectionFault(Code.PROTOCOL_ERROR, "WINDOW_UPDATE of nothing")
            raise StreamFault(Code.PROTOCOL_ERROR)
        self._connection.open_window(number, more)

    def _other(self, kind: int, flags: int, number: int, payload: bytes) -> None:
        if kind == Kind.RST_STREAM:
            _check_length(payload, _CODE_BYTES)
            self._connection.reset(number)
            return
        if kind == Kind.PING:
            _check_stream(number, of_stream=False)
            _check_length(payload, _PING_BYTES)
            if not flags & Flag.ACK:
                self._connection.ping(payload)
            else:
                self._idle()
            return
        self._idle()
        if kind == Kind.SETTINGS:
            _check_stream(number, of_stream=False)
            self._settings(flags, payload)
        elif kind == Kind.PRIORITY:
            _check_stream(number, of_stream=True)
            if len(payload) != _PRIORITY_BYTES:
                raise StreamFault(Code.FRAME_SIZE_ERROR)
        elif kind == Kind.GOAWAY:
            _check_stream(number, of_stream=False)  # the client begins no more streams; those that it has go on
            if len(payload) < _GOAWAY_BYTES:
                raise ConnectionFault(Code.FRAME_SIZE_ERROR, "GOAWAY of a wrong length")
        elif kind == Kind.PUSH_PROMISE:
            raise ConnectionFault(Code.PROTOCOL_ERROR, "a client promises nothing")

    def _settings(self, flags: int, payload: bytes) -> None:
        if flags & Flag.ACK:
            _check_length(payload, 0)
            return
        if len(payload) % frames.SETTING.size:
            raise ConnectionFault(Code.FRAME_SIZE_ERROR, "SETTINGS of a wrong length")
        self._connection.settings(dict(frames.SETTING.iter_unpack(payload)))  # of each name the last one counts

    def _idle(self) -> None:
        self._floods.idle_frame(self._loop.time())


def _check_length(payload: bytes, length: int) -> None:
    if len(payload) != length:
        raise ConnectionFault(Code.FRAME_SIZE_ERROR, "a frame of a wrong length")


def _check_stream(number: int, *, of_stream: bool) -> None:
    if bool(number) != of_stream:
        raise ConnectionFault(Code.PROTOCOL_ERROR, "a frame on the wrong kind of stream")


def _without_padding(payload: bytes) -> bytes:
    if not payload or payload[0] >= len(payload):
        raise ConnectionFault(Code.PROTOCOL_ERROR, "more padding than there is")
    return payload[1 : len(payload) - payload[0]]
