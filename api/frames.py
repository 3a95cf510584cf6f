"""Frames on a TCP connection: how a router and a storage node exchange batches.

After the first bytes, `PREFACE`, which a router sends, each side sends frames: four bytes of length, little-endian, and
so many bytes. A frame without bytes is a question whether the other side is there, or the answer to one.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Final

PREFACE: Final = b"tidings-link/1\n"
"""Different from the first bytes of HTTP/2, which gRPC begins with on the same port."""

MAX_FRAME_BYTES: Final = 16 * 1024 * 1024
BUFFER_BYTES: Final = 256 * 1024
"""For the `limit` of a connection's reader, which stops reading the socket when twice as much waits."""

ASK_SECONDS: Final = 1.5
MOST_UNANSWERED: Final = 2
"""So many questions without a word from the other side, and the connection is given up: after 3 to 4.5 seconds."""

_LENGTH_BYTES: Final = 4
_NOTHING: Final = bytes(_LENGTH_BYTES)


class FrameError(Exception):
    """The other side sends what is no frame, or nothing any more."""


class Frames:
    """One side of a connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, asks: bool) -> None:
        """Take a connection whose preface was sent or read.

        Args:
            reader: Of the connection.
            writer: Of the connection.
            asks: Whether this side asks if the other one is there. The other one answers.
        """
        self._reader = reader
        self._writer = writer
        self._unanswered = 0
        self._asking = asyncio.create_task(self._ask()) if asks else None

    def __repr__(self) -> str:
        return f"<Frames with {self._writer.get_extra_info('peername')}, {self._unanswered} questions unanswered>"

    async def send(self, frame: bytes) -> None:
        """Send a frame; return when there is room for another.

        Raises:
            OSError: the connection is broken.
        """
        self._writer.write(len(frame).to_bytes(_LENGTH_BYTES, "little") + frame)
        await self._writer.drain()

    async def received(self) -> AsyncIterator[bytes]:
        """Return the frames that come, until the other side ends the connection between two of them.

        Raises:
            FrameError: one is cut off or too long, or the other side is silent.
            OSError: the connection is broken.
        """
        while (frame := await self._next()) is not None:
            self._unanswered = 0
            if frame:
                yield frame
            elif self._asking is None:
                await self.send(b"")

    def close(self) -> None:
        """End the connection at once."""
        if self._asking is not None:
            self._asking.cancel()
        self._writer.transport.abort()

    async def _next(self) -> bytes | None:
        length = 0
        try:
            length = int.from_bytes(await self._reader.readexactly(_LENGTH_BYTES), "little")
            if length > MAX_FRAME_BYTES:
                raise FrameError(f"a frame of {length} bytes")
            return await self._reader.readexactly(length)
        except asyncio.IncompleteReadError as error:
            if self._unanswered > MOST_UNANSWERED:
                raise FrameError("no answer in time") from None
            if length or error.partial:
                raise FrameError("a frame is cut off") from None
            return None

    async def _ask(self) -> None:
        while True:
            await asyncio.sleep(ASK_SECONDS)
            self._unanswered += 1
            if self._unanswered > MOST_UNANSWERED:
                self._writer.transport.abort()
                return
            self._writer.write(_NOTHING)
