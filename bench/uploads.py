"""Requests with bodies of any length: in frames of the size that the server takes, as far as its windows are open.

`http2.Request` is for short ones, which are the same ready-made bytes each time; this is for those that must wait.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from typing_extensions import override

from bench.http2 import WINDOW, Connection, Flag, Kind, Request, frame

_INITIAL_WINDOW_SIZE: Final = 4
_MAX_FRAME_SIZE: Final = 5


@dataclass
class _Rest:
    """What is left of a body to send."""

    body: memoryview
    window: int


class UploadingConnection(Connection):
    """A connection whose requests may be long; what the windows hold back goes out, as `outgoing`, when they open."""

    def __init__(self, check_end: Callable[[bytes], None]) -> None:
        super().__init__(check_end)
        self._frame_bytes = 16_384
        self._stream_window = 65_535
        self._rests: dict[int, _Rest] = {}

    @override
    def send(self, request: Request) -> bytes:
        """Return the headers of a request on the next stream, and as much of its body as may go out now."""
        stream = self._next_stream
        self._next_stream += 2
        self._rests[stream] = _Rest(memoryview(request.body), self._stream_window)
        return frame(Kind.HEADERS, Flag.END_HEADERS, stream, request.block) + self._frames()

    @override
    def _control(self, kind: int, flags: int, stream: int, payload: bytes) -> None:
        super()._control(kind, flags, stream, payload)
        if kind == Kind.SETTINGS and not flags & Flag.ACK:
            self._set(dict(struct.iter_unpack(">HI", payload)))
        elif kind == Kind.WINDOW_UPDATE and stream in self._rests:
            self._rests[stream].window += int.from_bytes(payload, "big") & WINDOW
        if kind in (Kind.SETTINGS, Kind.WINDOW_UPDATE):
            self.outgoing.extend(self._frames())

    def _set(self, settings: dict[int, int]) -> None:
        """Take the server's settings; a new first window changes those of open streams too (RFC 9113, 6.9.2)."""
        self._frame_bytes = settings.get(_MAX_FRAME_SIZE, self._frame_bytes)
        window = settings.get(_INITIAL_WINDOW_SIZE, self._stream_window)
        for rest in self._rests.values():
            rest.window += window - self._stream_window
        self._stream_window = window

    def _frames(self) -> bytes:
        """Return what may be sent of all bodies, the oldest first."""
        frames: list[bytes] = []
        for stream, rest in list(self._rests.items()):
            while (size := min(len(rest.body), self._frame_bytes, rest.window, self._send_window)) > 0:
                part, rest.body = rest.body[:size], rest.body[size:]
                rest.window -= size
                self._send_window -= size
                frames.append(frame(Kind.DATA, 0 if rest.body else Flag.END_STREAM, stream, bytes(part)))
            if not rest.body:
                del self._rests[stream]
        return b"".join(frames)
