"""A client that sends whatever bytes it is told to, and keeps the frames that it is sent.

Of itself it acknowledges SETTINGS, and answers a PING.
"""

from pathlib import Path
from typing import Self

import hpack
from typing_extensions import override

from tests.integration.http2 import wire
from tests.integration.http2.line import Line
from tests.integration.http2.wire import Frame


class Peer(Line):
    """One connection without rules."""

    def __init__(self) -> None:
        super().__init__()
        self.frames: list[Frame] = []
        self.grants = False
        """Whether the windows are opened again by what comes, after each 16 KiB of it."""
        self.takes = wire.FRAME_BYTES
        """How long a frame may be."""
        self.is_quiet = False
        """Whether it answers nothing."""
        self._data = bytearray()
        self._decoder = hpack.Decoder()
        self._block = b""

    @classmethod
    async def greeted(cls, path: Path, settings: bytes = wire.settings()) -> Self:
        """Connect, and exchange SETTINGS."""
        peer = await cls.to(path)
        peer.send(wire.MAGIC, settings)
        await peer.until(lambda: peer.acknowledged == 1 and len(peer.of(wire.SETTINGS)) > 1)
        return peer

    @property
    def acknowledged(self) -> int:
        """How many of our SETTINGS have been."""
        return sum(frame.has(wire.ACK) for frame in self.of(wire.SETTINGS))

    def of(self, kind: int, stream: int | None = None) -> list[Frame]:
        """Return the frames of one kind that have come."""
        return [frame for frame in self.frames if frame.kind == kind and stream in (None, frame.stream)]

    def granted(self, stream: int) -> int:
        """Return by how much the server has opened a window."""
        return sum(frame.number for frame in self.of(wire.WINDOW_UPDATE, stream))

    async def pong(self) -> None:
        """Wait until the server has seen all that was sent before."""
        before = self._pongs()
        self.send(wire.ping())
        await self.until(lambda: self._pongs() > before)

    async def dismissed(self, code: int) -> None:
        """Wait until the server has told why it closes the connection, and has closed it."""
        await self.closed()
        assert [given for _, given in self.goaways] == [code], self

    def _pongs(self) -> int:
        return sum(frame.has(wire.ACK) for frame in self.of(wire.PING))

    @override
    def take(self, data: bytes) -> None:
        self._data += data
        for frame in wire.frames(self._data):
            self.frames.append(frame)
            self._note(frame)

    def _note(self, frame: Frame) -> None:
        answer = self.answers[frame.stream]
        match frame.kind:
            case wire.SETTINGS | wire.PING if not frame.has(wire.ACK):
                if not self.is_quiet:
                    self.send(wire.frame(frame.kind, wire.ACK, 0, frame.payload if frame.kind == wire.PING else b""))
            case wire.HEADERS | wire.CONTINUATION:
                self._block += frame.payload
                if frame.kind == wire.HEADERS:
                    answer.ended = frame.has(wire.END_STREAM)
                if frame.has(wire.END_HEADERS):
                    self._headers(frame.stream)
            case wire.DATA:
                assert len(frame.payload) <= self.takes
                answer.body += frame.payload
                answer.ended = frame.has(wire.END_STREAM)
                for start in range(0, len(frame.payload) if self.grants else 0, wire.FRAME_BYTES):
                    more = min(len(frame.payload) - start, wire.FRAME_BYTES)
                    self.send(wire.window_update(0, more), wire.window_update(frame.stream, more))
            case wire.RST_STREAM:
                answer.reset = frame.number
            case wire.GOAWAY:
                last, code = frame.payload[:4], frame.payload[4:8]
                self.goaways.append((int.from_bytes(last, "big"), int.from_bytes(code, "big")))
            case _:
                pass

    def _headers(self, stream: int) -> None:
        found = {_bytes(name): _bytes(value) for name, value in self._decoder.decode(self._block, raw=True)}
        self._block = b""
        answer = self.answers[stream]
        if answer.headers:
            answer.trailers = found
        else:
            answer.headers = found


def _bytes(value: bytes | str) -> bytes:
    return value.encode() if isinstance(value, str) else value
