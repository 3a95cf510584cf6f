"""The way out of a connection: windows, turns of streams that wait for them, and bytes that leave together."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence

from http2.frames import (
    DEFAULT_WINDOW,
    FRAME_BYTES,
    HEADER,
    MAX_WINDOW,
    NUMBER,
    Code,
    ConnectionFault,
    Flag,
    Kind,
    StreamFault,
    frame,
)
from http2.stream import Stream
from http2.whole import Whole

_NO_TABLE = b"\x20"
_HEADERS = -1
"""In place of the flags of what waits: it is a frame already."""

COPIED_BYTES = 8 * 1024
"""So much is copied into one piece, which costs less than to tell the system of each."""

TOGETHER_BYTES = 128 * 1024
"""So much, or one body, is handed to the transport before the turn ends, so that it can say when it is full."""


Write = Callable[[Sequence[bytes | memoryview]], None]
"""Writes pieces, one after the other, to the client."""


class Turn:
    """What all connections send when a turn of the event loop is over: one call of the loop for all of them."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()  # asked each time it would cost a call of the system (CPython 3.11)
        self._sendings: list[Sending] = []

    def add(self, sending: "Sending") -> None:
        """Flush it then."""
        if not self._sendings:
            self._loop.call_soon(self._end)
        self._sendings.append(sending)

    def _end(self) -> None:
        sendings, self._sendings = self._sendings, []
        for sending in sendings:
            sending.flush()


class Sending:
    """What a connection has to send.

    Attributes:
        window: How much the client takes on the whole connection.
        initial_window: What a new stream's client takes.
        frame_bytes: How much of a body goes in one frame.
        taken: A future that is done: for whatever was taken at once.
        waiting: Streams with something that waits.
        data_units: How many frames of the least length that a client may ask for would have carried what was sent.
        paused_since: When the client's socket was full last.
        waits: Called when a stream begins to wait, for whoever looks whether it does so too long.
    """

    def __init__(self, write: Write, sent: Callable[[Stream], None], turn: Turn) -> None:
        """Write by `write`, which may call `pause`; tell by `sent` of streams whose answers have left."""
        self._write = write
        self._sent = sent
        self._turn = turn
        self._loop = asyncio.get_running_loop()
        self.taken: asyncio.Future[None] = self._loop.create_future()
        self.taken.set_result(None)
        self.window = DEFAULT_WINDOW
        self.initial_window = DEFAULT_WINDOW
        self.frame_bytes = FRAME_BYTES
        self.waiting: dict[Stream, None] = {}
        self._turns: deque[Stream] = deque()
        self._out: list[bytes | memoryview] = []
        self._out_bytes = 0
        self._flushing = False
        self._paused = False
        self.paused_since = 0.0
        self.waits: Callable[[], None] = _nobody_looks
        self.data_units = 0
        self._before_block = b""

    @property
    def is_paused(self) -> bool:
        """Whether the client's socket is full."""
        return self._paused

    def put(self, head: bytes | memoryview, body: bytes | memoryview = b"") -> None:
        """Send bytes with all else of this turn, whatever waits."""
        self._add(head, body)
        if self._out_bytes > TOGETHER_BYTES:
            self.flush()
        elif not self._flushing:
            self._flushing = True
            self._turn.add(self)

    def _add(self, head: bytes | memoryview, body: bytes | memoryview) -> None:
        self._out.append(head)
        if body:
            self._out.append(body)
        self._out_bytes += len(head) + len(body)

    def flush(self) -> None:
        """Send what was put."""
        self._flushing = False
        if self._out:
            out, self._out = self._out, []
            is_little = self._out_bytes <= COPIED_BYTES
            self._out_bytes = 0
            self._write((b"".join(out),) if is_little else out)

    def data(self, stream: Stream, body: bytes, flags: int) -> Awaitable[None]:
        """Send a body's next part; return what is done when it was sent, or has failed if it never will be."""
        length = len(body)
        if stream.pending or self._paused or length > max(0, min(stream.window, self.window)):
            return self._wait(stream, memoryview(body), flags)
        stream.window -= length
        self.window -= length
        self.data_units += _units(length)
        rest: bytes | memoryview = body
        longest = self.frame_bytes
        if length > longest:
            whole, head = memoryview(body), HEADER.pack(longest << 8, 0, stream.id)
            while length > longest:
                self._add(head, whole[:longest])  # the transport gets all frames of it with one call
                whole, length = whole[longest:], length - longest
            rest = whole
        self.put(HEADER.pack(length << 8, flags, stream.id), rest)
        if flags:
            self._sent(stream)
        return self.taken

    def whole(self, stream: Stream, answer: Whole) -> None:
        """Send an answer from its headers to its trailers."""
        length = len(answer.body)
        room = max(0, min(stream.window, self.window, FRAME_BYTES))
        if self._before_block or stream.pending or self._paused or length > room:
            self.headers(stream, answer.head, 0)
            self.data(stream, answer.body, 0)
            self.headers(stream, answer.tail, Flag.END_STREAM)
            return
        stream.window -= length
        self.window -= length
        self.data_units += 1
        number = NUMBER.pack(stream.id)
        self.put(b"".join((answer.before, number, answer.between, number, answer.after, number, answer.tail)))
        self._sent(stream)

    def headers(self, stream: Stream, block: bytes, flags: int) -> Awaitable[None]:
        """Send a block after all that waits of its stream."""
        whole = frame(Kind.HEADERS, Flag.END_HEADERS | flags, stream.id, self._before_block + block)
        if not stream.pending:
            self._before_block = b""
            self.put(whole)
            if flags:
                self._sent(stream)
            return self.taken
        stream.pending.append((whole, _HEADERS, None))
        return self.taken

    def open_window(self, stream: Stream | None, more: int) -> None:
        """Take note that the client takes so much more, of a stream or of all.

        Raises:
            StreamFault, ConnectionFault: more than there may be.
        """
        if stream is None:
            self.window += more
            if self.window > MAX_WINDOW:
                raise ConnectionFault(Code.FLOW_CONTROL_ERROR, "the connection's window is too large")
            self.go_on()
            return
        stream.window += more
        stream.granted += more
        if stream.window > MAX_WINDOW:
            raise StreamFault(Code.FLOW_CONTROL_ERROR)
        if stream.pending:
            self._queue(stream)
            self.go_on()

    def no_table(self) -> None:
        """Say so with the next block: a client that has set its table's size waits for it (RFC 7541, section 4.2)."""
        self._before_block = _NO_TABLE

    def pause(self) -> None:
        """Take note that the transport is full."""
        self._paused = True
        self.paused_since = self._loop.time()

    def resume(self) -> None:
        """Take note that it is not any more."""
        self._paused = False
        self.go_on()

    def forget(self, stream: Stream) -> None:
        """Send nothing more of a stream."""
        self.waiting.pop(stream, None)

    def go_on(self) -> None:
        """Send what may be sent, a frame of each stream in turn."""
        turns = self._turns
        while turns and not self._paused and self.window > 0:
            stream = turns.popleft()
            stream.is_queued = False
            if self._step(stream):
                self._queue(stream)

    def _wait(self, stream: Stream, body: memoryview, flags: int) -> Awaitable[None]:
        if stream.pending is None:
            stream.pending = deque()
        if not stream.pending:
            stream.since = self._loop.time()
            self.waiting[stream] = None
            self.waits()
        waiter: asyncio.Future[None] = self._loop.create_future()
        stream.pending.append((body, flags, waiter))
        self._queue(stream)
        self.go_on()
        return waiter

    def _queue(self, stream: Stream) -> None:
        if not stream.is_queued:
            stream.is_queued = True
            self._turns.append(stream)

    def _step(self, stream: Stream) -> bool:
        """Send one frame of what waits, and what needs no window after it; return whether there may be another."""
        pending = stream.pending
        if not pending:
            return False
        body, flags, waiter = pending[0]
        length = max(0, min(len(body), self.frame_bytes, stream.window, self.window))
        if body and not length:
            return False
        stream.window -= length
        self.window -= length
        is_last = length == len(body)
        self.data_units += _units(length)
        self.put(HEADER.pack(length << 8, flags if is_last else 0, stream.id), body[:length])
        if not is_last:
            pending[0] = (body[length:], flags, waiter)
        else:
            pending.popleft()
            if waiter is not None and not waiter.done():
                waiter.set_result(None)
            while pending and pending[0][1] == _HEADERS:  # they need no window
                self.put(pending.popleft()[0])
        if pending:
            stream.since = self._loop.time()
            return True
        self.waiting.pop(stream, None)
        if stream.is_ended:
            self._sent(stream)
        return False


def _units(length: int) -> int:
    return 1 if length <= FRAME_BYTES else -(-length // FRAME_BYTES)


def _nobody_looks() -> None: ...
