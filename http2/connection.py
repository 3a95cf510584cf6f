"""One connection of a client: frames are read, requests are answered by a call or become tasks of the application."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, MutableMapping
from functools import partial
from typing import Any, NamedTuple

from http2 import endings, frames, refusals
from http2.at_once import Answer, AtOnce, nobody
from http2.blocks import Heads
from http2.counts import Counts
from http2.endings import ClientLeft, Ending, How
from http2.floods import Floods
from http2.frames import STREAM_ID, Code, ConnectionFault, Flag, Kind, StreamFault
from http2.leaving import Leaving
from http2.limits import Limits
from http2.reading import Reading
from http2.refusals import Refusal
from http2.sending import Sending, Turn, Write
from http2.stream import Message, Stream
from http2.waiting import Waiting

Scope = MutableMapping[str, Any]
App = Callable[
    [Scope, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Coroutine[Any, Any, None]
]


class Shared(NamedTuple):
    """What all connections of a server have in common."""

    counts: Counts
    turn: Turn
    waiting: Waiting
    leaving: Leaving
    ended: Callable[[Stream], None]
    """Called with each stream when it has ended, in whatever way; it must not raise."""
    at_once: AtOnce = nobody
    """Asked before the application."""


_STREAMS_A_FRAME = 100
"""So many streams, whose windows one frame of SETTINGS moves, take as long as a frame that asks for nothing."""

_LONG_BLOCK = 1024
"""Headers that take more count among what is held of a request."""

_FEW = 100
"""A connection may wait for the rest of so many requests before they count by themselves among what is held."""

_STREAM_BYTES = 512
"""What a stream takes without its headers and its body."""

_GIVEN_UP = 64
"""So many streams that were reset here are remembered: what their clients had sent before they knew is no fault."""

_log = logging.getLogger(__name__)


class Connection:
    """What has come of one client, without I/O: bytes come by `receive`, and leave by the `write` that it is given.

    Attributes:
        streams: Those that are open, by number.
        client: Its address and port, where that is known.
        is_direct: No proxy of this machine stands before it; the application is told.
        sending: The way out.
        is_draining: No new stream is served.
    """

    def __init__(self, app: App, limits: Limits, shared: Shared, write: Write, *, scheme: str = "http") -> None:
        self._app = app
        self._limits = limits
        self._counts = shared.counts
        self._ended = shared.ended
        self._at_once = shared.at_once
        self._leaving = shared.leaving
        self._loop = asyncio.get_running_loop()
        self._heads = Heads(limits, scheme)
        self._floods = Floods(limits, self._loop.time())
        self._reading = Reading(self, limits, self._floods)
        self.sending = Sending(write, self._sent, shared.turn)
        self.taken = self.sending.taken
        self.streams: dict[int, Stream] = {}
        self.client: tuple[str, int] | None = None
        self.is_direct = False
        self.is_draining = False
        self._coming: dict[Stream, None] = {}
        self._last = 0
        self._serving: dict[Stream, asyncio.Task[None]] = {}
        self._owed = 0  # promised answers, also those whose streams are gone
        self._read_bytes = 0
        self._held_bytes = 0  # of all requests that have not come whole
        self._given_up: deque[int] = deque(maxlen=_GIVEN_UP)
        self.sending.put(
            frames.settings(
                {
                    frames.MAX_CONCURRENT_STREAMS: limits.streams,
                    frames.INITIAL_WINDOW_SIZE: limits.stream_window_bytes,
                    frames.MAX_HEADER_LIST_SIZE: limits.header_bytes,
                }
            )
        )
        if limits.connection_window_bytes > frames.DEFAULT_WINDOW:
            self.sending.put(frames.window_update(0, limits.connection_window_bytes - frames.DEFAULT_WINDOW))

    def __repr__(self) -> str:
        running = len(self._serving) + self._owed
        return f"<Connection from {self.client}, {len(self.streams)} streams, {running} running>"

    @property
    def has_settings(self) -> bool:
        """Whether the client has shown that it speaks HTTP/2."""
        return self._reading.has_settings

    @property
    def requests(self) -> int:
        """How many the client has begun so far."""
        return self._floods.streams

    @property
    def is_uneasy(self) -> bool:
        """Whether something waits for the client, which `overdue` is to look after."""
        reading = self._reading
        return bool(
            self._coming or self.sending.waiting or reading.block_since or not reading.has_settings or self.is_full
        )

    @property
    def is_full(self) -> bool:
        """Whether the client's socket takes no more."""
        return self.sending.is_paused

    @property
    def is_idle(self) -> bool:
        """Whether no stream is open."""
        return not self.streams and not self._serving

    def receive(self, data: bytes, requests: int) -> bool:
        """Take what came, but no more than so many requests.

        Return whether there is a rest, which `receive(b"", ...)` is to go on with.

        Raises:
            ConnectionFault: the client broke the protocol.
        """
        self._counts.received_bytes += len(data)
        return self._reading.receive(data, requests)

    def data(self, number: int, payload: bytes, length: int, *, ends: bool) -> None:
        """Take a part of a request's body, which had this length with its padding.

        Like all that takes a frame, this may raise a `StreamFault` or a `ConnectionFault`.
        """
        stream = self.streams.get(number)
        if stream is None and number > self._last:
            raise ConnectionFault(Code.PROTOCOL_ERROR, "DATA of no stream")
        self._read(length)
        if stream is None:
            self._late_data(number, ends=ends)
        elif stream.is_whole:
            raise StreamFault(Code.STREAM_CLOSED)
        else:
            self._add(stream, payload, length, ends=ends)

    def _late_data(self, number: int, *, ends: bool) -> None:
        """Take note of DATA for a stream that has ended. The rest of a request that was given up here is no fault."""
        if ends and number in self._given_up:
            self._given_up.remove(number)
        else:
            self._floods.idle_frame(self._loop.time())

    def _read(self, length: int) -> None:
        """Let the client send so much more, when it has come to be worth a frame.

        Raises:
            ConnectionFault: it sent more than it might.
        """
        self._read_bytes += length
        if self._read_bytes > self._limits.connection_window_bytes:
            raise ConnectionFault(Code.FLOW_CONTROL_ERROR, "more than the connection's window")
        if self._read_bytes * 2 > self._limits.connection_window_bytes:
            self.sending.put(frames.window_update(0, self._read_bytes))
            self._read_bytes = 0

    def _add(self, stream: Stream, payload: bytes, length: int, *, ends: bool) -> None:
        stream.add(payload)
        if stream.received_bytes > self._limits.request_bytes:
            self._refuse(stream, refusals.TOO_LARGE)
        elif ends:
            self._start(stream)
        elif length:
            self.sending.put(frames.window_update(stream.id, length))
            self._hold(stream, len(payload))

    def _hold(self, stream: Stream, length: int) -> None:
        """Count what is held of a request. Where all hold too much, whoever holds more than a fair part is refused.

        So nobody can take the room of those who send little. All together hold less than twice the bound.
        """
        counts, most = self._counts, self._limits.held_bytes
        if not length:
            return  # padding
        if not self._held_bytes:
            counts.holders += 1
        self._held_bytes += length
        stream.held_bytes += length
        counts.held_bytes += length
        if counts.held_bytes > most and self._held_bytes * counts.holders > most:
            self._refuse(stream, refusals.BUSY)

    def headers(self, number: int, block: bytes, *, ends: bool) -> None:
        """Take a header block, whole."""
        stream = self.streams.get(number)
        if stream is not None:
            self._trailers(stream, block, ends=ends)
            return
        if number in self._given_up:
            self._heads.skip(block)  # they were on their way when the client was told
            return
        if number <= self._last:
            raise ConnectionFault(Code.STREAM_CLOSED, "HEADERS on a stream that has ended")
        self._last = number
        self._floods.streams += 1
        if self.is_draining or max(len(self.streams), len(self._serving) + self._owed) >= self._limits.streams:
            self._heads.skip(block)
            raise StreamFault(Code.REFUSED_STREAM)
        head = self._heads.head(block)
        stream = Stream(self, number, head, self.sending.initial_window, self._loop.time())
        self.streams[number] = stream
        self._coming[stream] = None
        if ends:
            self._start(stream)
        elif len(block) > _LONG_BLOCK or len(self._coming) > _FEW:
            self._hold(stream, len(block) + _STREAM_BYTES)

    def _trailers(self, stream: Stream, block: bytes, *, ends: bool) -> None:
        self._heads.skip(block)
        if stream.is_whole:
            raise StreamFault(Code.STREAM_CLOSED)
        if not ends:
            raise StreamFault(Code.PROTOCOL_ERROR)
        self._start(stream)

    def _start(self, stream: Stream) -> None:
        """Answer a request that is whole, or have the application do so."""
        head = stream.head
        self._came(stream)
        if head.content_length not in (-1, stream.received_bytes):
            raise StreamFault(Code.PROTOCOL_ERROR)
        if head.bad_path or head.is_malformed:
            stream.fail(refusals.MALFORMED if head.is_malformed else refusals.BAD_PATH)
            return
        if self._counts.unanswered >= self._limits.unanswered:
            stream.fail(refusals.BUSY)
            return
        self._counts.calls += 1
        if self._is_answered(stream):
            return
        self._counts.unanswered += 1
        scope = {**head.scope, "client": self.client}
        if self.is_direct:
            scope["extensions"] = {**head.scope["extensions"], "tidings.direct": {}}
        self._serving[stream] = self._loop.create_task(self._serve(stream, scope))

    def _is_answered(self, stream: Stream) -> bool:
        """Have a request answered without a task, if anybody does."""
        head = stream.head
        self._owe(1)
        try:
            if not head.is_offered:
                head.is_offered, head.answerer = True, self._at_once(head.scope, self.client)
            is_answered = head.answerer is not None and head.answerer.answer(bytes(stream.body), stream)
        except Exception:  # noqa: BLE001 - else the connection would end, with all of its streams
            self._owe(-1)
            _log.exception("the application failed")
            stream.fail(refusals.FAILED)
            return True
        if is_answered:
            stream.body = b""
        else:
            self._owe(-1)
        return is_answered

    def come(self, stream: Stream, answer: Answer) -> None:
        """Take an answer that was promised; its client may have left meanwhile."""
        self._owe(-1)
        if stream.is_gone:
            return
        stream.answer(answer)
        if stream.id in self.streams:
            stream.is_unsent = True
            self._counts.unsent += 1

    def _owe(self, more: int) -> None:
        self._owed += more
        self._counts.owed += more
        self._counts.unanswered += more

    async def _serve(self, stream: Stream, scope: Scope) -> None:
        try:
            await self._app(scope, stream.receive, stream.send)
            if not (stream.is_ended or stream.is_gone):
                _log.error("%s was left without an answer", scope["path"])
        except Exception:  # noqa: BLE001 - whatever happens, the client gets a status and never OK
            if not stream.is_gone:
                _log.exception("the application failed")
        finally:
            stream.left = None  # it leads to the application, and from there back to the stream
            del self._serving[stream]
            if not stream.status:
                self._counts.unanswered -= 1
            if not (stream.is_ended or stream.is_gone):
                stream.fail(refusals.FAILED)

    def begun(self) -> None:
        """Take note that an application has begun to answer."""
        self._counts.unanswered -= 1

    def reset(self, number: int) -> None:
        """Take note that the client gives up a stream."""
        if number == 0 or number > self._last:
            raise ConnectionFault(Code.PROTOCOL_ERROR, "RST_STREAM of no stream")
        stream = self.streams.get(number)
        if stream is None:
            self._floods.idle_frame(self._loop.time())
            return
        self._counts.resets += 1
        self._drop(stream, endings.RESET)
        self._floods.reset(stream.began, self._loop.time(), is_answered=bool(stream.status))

    def settings(self, values: dict[int, int]) -> None:
        """Heed the client's settings."""
        self.sending.put(frames.frame(Kind.SETTINGS, Flag.ACK, 0, b""))  # before what the client takes by them
        for name, value in values.items():
            self._setting(name, value)

    def _setting(self, name: int, value: int) -> None:
        if name == frames.INITIAL_WINDOW_SIZE:
            if value > frames.MAX_WINDOW:
                raise ConnectionFault(Code.FLOW_CONTROL_ERROR, "INITIAL_WINDOW_SIZE is too large")
            self._resize(value - self.sending.initial_window)
            self.sending.initial_window = value
        elif name == frames.HEADER_TABLE_SIZE:
            self.sending.no_table()
        elif name == frames.ENABLE_PUSH and value > 1:
            raise ConnectionFault(Code.PROTOCOL_ERROR, "ENABLE_PUSH must be 0 or 1")
        elif name == frames.MAX_FRAME_SIZE:
            if not frames.FRAME_BYTES <= value <= frames.MAX_FRAME_SIZE_LIMIT:
                raise ConnectionFault(Code.PROTOCOL_ERROR, "MAX_FRAME_SIZE is out of its range")
            self.sending.frame_bytes = min(value, frames.MOST_FRAME_BYTES)

    def _resize(self, more: int) -> None:
        if not more:
            return
        self._floods.idle_frame(self._loop.time(), 1 + len(self.streams) // _STREAMS_A_FRAME)
        for stream in list(self.streams.values()):
            try:
                self.sending.open_window(stream, more)
            except StreamFault:
                raise ConnectionFault(Code.FLOW_CONTROL_ERROR, "a stream's window is too large") from None

    def ping(self, payload: bytes) -> None:
        """Answer."""
        self._floods.ping(self.sending.data_units, self._loop.time())
        self.sending.put(frames.frame(Kind.PING, Flag.ACK, 0, payload))

    def open_window(self, number: int, more: int) -> None:
        """Take note that the client takes so much more, of a stream or of all (0)."""
        if number > self._last:
            raise ConnectionFault(Code.PROTOCOL_ERROR, "WINDOW_UPDATE of no stream")
        self._floods.update(self.sending.data_units)
        stream = self.streams.get(number)
        if stream is not None or number == 0:
            self.sending.open_window(stream, more)  # else it has ended while the client did not know

    def fault(self, number: int, code: int) -> None:
        """End a stream that broke a rule."""
        self._counts.faults += 1
        stream = self.streams.get(number)
        if stream is not None:
            self._drop(stream, Ending(How.BROKE, f"stream error {code}"))
        self._give_up(number, code)
        self._floods.given_up(self._loop.time())

    def end(self, stream: Stream, block: bytes) -> Awaitable[None]:
        """End an answer with a block of headers."""
        return self.sending.headers(stream, block, Flag.END_STREAM)

    def cut(self, stream: Stream, code: int, ending: Ending) -> None:
        """End a stream at once."""
        if stream.id in self.streams:
            self._drop(stream, ending)
            self._give_up(stream.id, code)

    def failed(self) -> Awaitable[None]:
        """Return what raises that the client has left."""
        failed: asyncio.Future[None] = self._loop.create_future()
        failed.set_exception(ClientLeft())
        failed.exception()  # who does not wait for it is not to be reproached
        return failed

    def lost(self, ending: Ending) -> None:
        """Take note that the connection is no more, which ends its streams so."""
        for stream in list(self.streams.values()):
            self._drop_in_turn(stream, ending)

    def overdue(self, now: float) -> bool:
        """End what has waited for the client too long; return whether the connection itself has."""
        limits = self._limits
        if self._reading.block_since and now - self._reading.block_since > limits.request_seconds:
            return True
        if self.is_full and now - self.sending.paused_since > limits.stalled_seconds:
            return True
        for stream in _older(self._coming, now - limits.request_seconds):
            del self._coming[stream]
            self._leaving.add(partial(self._late, stream))
        for stream in _older(self.sending.waiting, now - limits.stalled_seconds):
            self._drop_in_turn(stream, endings.STALLED)
            self._give_up(stream.id, Code.INTERNAL_ERROR)
        return False

    def _late(self, stream: Stream) -> None:
        if not stream.is_whole:  # its rest has not come meanwhile, and neither has its client left
            self._refuse(stream, refusals.TOO_LATE)

    def go_away(self) -> None:
        """Ask the client to make another connection for what is new; what comes here meanwhile is served."""
        self.sending.put(frames.goaway(STREAM_ID, Code.NO_ERROR))

    def serve_no_more(self) -> None:
        """Refuse what is new from now on."""
        if not self.is_draining:
            self.is_draining = True
            self.sending.put(frames.goaway(self._last, Code.NO_ERROR))

    def last_words(self, fault: ConnectionFault) -> None:
        """Tell the client why the connection ends."""
        self.sending.put(frames.goaway(self._last, fault.code, fault.text))
        self.sending.flush()

    def _refuse(self, stream: Stream, refusal: Refusal) -> None:
        """Answer a request that is not whole, and take no more of it."""
        self._came(stream)
        stream.fail(refusal)
        self._give_up(stream.id, Code.NO_ERROR)

    def _give_up(self, number: int, code: int) -> None:
        self._given_up.append(number)
        self.sending.put(frames.rst_stream(number, code))

    def _drop(self, stream: Stream, ending: Ending) -> None:
        """End a stream that was not answered whole."""
        if self._part(stream, ending):
            self._ended(stream)

    def _drop_in_turn(self, stream: Stream, ending: Ending) -> None:
        """End one of what may be thousands that end together."""
        if self._part(stream, ending):
            self._leaving.add(partial(self._ended, stream))

    def _part(self, stream: Stream, ending: Ending) -> bool:
        stream.ending = ending
        is_known = self._forget(stream)
        self.sending.forget(stream)
        stream.leave(self._leaving)
        return is_known

    def _sent(self, stream: Stream) -> None:
        """Forget a stream whose answer has left."""
        if self._forget(stream):
            self._ended(stream)

    def _forget(self, stream: Stream) -> bool:
        """Forget a stream that has ended; return whether it was known until now."""
        self._came(stream)
        if stream.is_unsent:
            stream.is_unsent = False
            self._counts.unsent -= 1
        return self.streams.pop(stream.id, None) is not None

    def _came(self, stream: Stream) -> None:
        """Wait for no more of a request."""
        stream.is_whole = True
        self._coming.pop(stream, None)
        if stream.held_bytes:
            self._held_bytes -= stream.held_bytes
            self._counts.held_bytes -= stream.held_bytes
            stream.held_bytes = 0
            if not self._held_bytes:
                self._counts.holders -= 1


def _older(streams: dict[Stream, Any], than: float) -> list[Stream]:
    return [stream for stream in streams if stream.since < than]
