"""Frames on a TCP connection: how a router and a storage node exchange batches.

After the first bytes, `PREFACE`, which a router sends, each side sends frames: four bytes of length, little-endian, and
so many bytes. A frame without bytes is a question whether the other side is there, or the answer to one.
"""

import asyncio
from collections.abc import Callable
from typing import Final, cast

from api.outbox import nobody

PREFACE: Final = b"tidings-link/1\n"
"""Different from the first bytes of HTTP/2, which gRPC begins with on the same port."""

MAX_FRAME_BYTES = 16 * 1024 * 1024

ASK_SECONDS = 1.5
MOST_UNANSWERED = 2
"""So many questions without a word from the other side, and the connection is given up: after 3 to 4.5 seconds."""

MOST_UNASKED = 10
"""So often the time of a question passes without a word from whoever asks, and the connection is given up: after 15 to
16.5 seconds. A machine that lost its power says no good-bye, and what its router watches would be kept for it."""

_LENGTH_BYTES: Final = 4
_NOTHING: Final = bytes(_LENGTH_BYTES)


class FrameError(Exception):
    """The other side sends what is no frame, or nothing any more."""


class Frames(asyncio.Protocol):
    """One side of a connection, as the event loop calls it: whoever is told of a frame is told in the loop's own turn.

    A task that waits for frames, and another that writes them, took as long as a dozen publishes for each batch.

    Attributes:
        is_full: The other side reads too slowly; nothing should be sent until there is room.
        is_over: Nothing can be sent any more.
    """

    def __init__(self, *, asks: bool) -> None:
        """Take a connection whose preface is sent, or was read, by somebody else.

        Args:
            asks: Whether this side asks if the other one is there. The other one answers.
        """
        self.is_full = False
        self.is_over = False
        self._loop = asyncio.get_running_loop()
        self._asks = asks
        self._asking: asyncio.TimerHandle | None = None
        self._unanswered = 0
        self._parts: list[bytes] = []
        """What has come and is no whole frame yet."""
        self._parts_bytes = 0
        self._needed_bytes = _LENGTH_BYTES
        self._take: Callable[[bytes], None] | None = None
        self._has_room: Callable[[], None] = nobody
        self._ended: asyncio.Future[None] = self._loop.create_future()

    def __repr__(self) -> str:
        state = "over" if self.is_over else "full" if self.is_full else "open"
        what = "unanswered" if self._asks else "not asked"
        return f"<Frames {state}, {self._unanswered} questions {what}>"

    def begin(self, take: Callable[[bytes], None], has_room: Callable[[], None]) -> None:
        """Hand frames over, also those that have come already.

        Args:
            take: Called with each frame. What it raises ends the connection.
            has_room: Called when the connection is not full any more.
        """
        self._take, self._has_room = take, has_room
        self._read()

    def send(self, frame: bytes) -> None:
        """Send a frame, however much waits already: see `is_full`."""
        if not self.is_over:
            self._transport.write(len(frame).to_bytes(_LENGTH_BYTES, "little") + frame)

    async def ended(self) -> None:
        """Return when the other side has ended the connection between two frames, or this side has.

        Raises:
            FrameError: a frame was cut off or too long, or the other side is silent.
            OSError: the connection broke.
            Exception: what `take` has raised.
        """
        await asyncio.shield(self._ended)

    def fail(self, reason: Exception) -> None:
        """End the connection at once, for this reason."""
        self._end(reason)
        self._transport.abort()

    def close(self) -> None:
        """End the connection at once."""
        self._end(None)
        self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._asking = self._loop.call_later(ASK_SECONDS, self._ask)

    def data_received(self, data: bytes) -> None:
        self._unanswered = 0
        self._parts.append(data)
        self._parts_bytes += len(data)
        if self._parts_bytes >= self._needed_bytes:
            self._read()

    def eof_received(self) -> bool:
        if self._parts_bytes:
            self._end(FrameError("a frame is cut off"))
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self._end(exc)

    def pause_writing(self) -> None:
        self.is_full = True

    def resume_writing(self) -> None:
        self.is_full = False
        self._has_room()

    def _read(self) -> None:
        take = self._take
        if take is None or self.is_over:
            return
        came = self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)
        try:
            place = self._taken(came, take)
        except Exception as reason:  # noqa: BLE001 - whatever it was, nothing that follows can be relied upon
            self.fail(reason)
            return
        self._parts = [came[place:]] if place < len(came) else []
        self._parts_bytes = len(came) - place

    def _taken(self, came: bytes, take: Callable[[bytes], None]) -> int:
        """Hand over the whole frames of what has come; return where they end."""
        place, end = 0, len(came)
        self._needed_bytes = _LENGTH_BYTES
        while end - place >= _LENGTH_BYTES and not self.is_over:
            start = place + _LENGTH_BYTES
            length = int.from_bytes(came[place:start], "little")
            if length > MAX_FRAME_BYTES:
                raise FrameError(f"a frame of {length} bytes")
            if start + length > end:
                self._needed_bytes = _LENGTH_BYTES + length
                break
            place = start + length
            if length:
                take(came[start:place])
            elif not self._asks:
                self._transport.write(_NOTHING)
        return place

    def _end(self, reason: Exception | None) -> None:
        if self.is_over:
            return
        self.is_over = True
        self._take, self._has_room = None, nobody
        if self._asking is not None:
            self._asking.cancel()
        if self._ended.done():
            return
        if reason is None:
            self._ended.set_result(None)
        else:
            self._ended.set_exception(reason)
            self._ended.exception()  # whoever serves the connection may have gone already

    def _ask(self) -> None:
        """Ask, where this side does; the other one sees that it is asked."""
        self._unanswered += 1
        if self._unanswered > (MOST_UNANSWERED if self._asks else MOST_UNASKED):
            self.fail(FrameError("no answer in time" if self._asks else "no question in time"))
            return
        if self._asks:
            self._transport.write(_NOTHING)
        self._asking = self._loop.call_later(ASK_SECONDS, self._ask)
