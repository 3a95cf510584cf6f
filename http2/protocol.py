"""The socket of a connection: when it is read, when it is written to, and when it ends."""

import asyncio
from collections.abc import Sequence
from typing import Protocol, cast

from http2 import frames
from http2.connection import App, Connection, Shared
from http2.endings import LEFT, Ending, How
from http2.frames import ConnectionFault
from http2.limits import Limits
from http2.proxied import NoProxy, origin

LOOK_SECONDS = 1.0
"""How often it is looked whether something has waited for the client too long, while anything waits."""

WRITE_BYTES = 64 * 1024
"""So much waits for a socket before it counts as full."""

UNREAD_BYTES = 512 * 1024
"""So much waits for a client before nothing more is read of it, not even what is answered by frames alone: more than
what its streams may have written in their turns when its socket is found full."""

LINGER_SECONDS = 5.0
"""How long a connection that has ended waits for its client to take the last words."""


class Owner(Protocol):
    """Who knows all connections."""

    def opened(self, socket: "Socket") -> None:
        """Take note of one."""
        ...

    def closed(self, socket: "Socket") -> None:
        """Forget it."""
        ...


class Socket(asyncio.Protocol):
    """One connection's transport, and the `Connection` that it feeds."""

    def __init__(self, owner: Owner, app: App, limits: Limits, shared: Shared, *, scheme: str, proxied: bool) -> None:
        self._owner = owner
        self._limits = limits
        self._shared = shared
        self._counts = shared.counts
        self._loop = asyncio.get_running_loop()
        self._app = app
        self._scheme = scheme
        self._awaits_origin = proxied
        self._is_direct = not proxied
        self._before = b""
        self._has_rest = False
        self._is_ending = False
        self._watch: asyncio.TimerHandle | None = None
        self._ping: asyncio.TimerHandle | None = None
        self._pinged_at = 0.0
        self._heard_at = self._loop.time()
        self._opened_at = self._heard_at

    def __repr__(self) -> str:
        state = "ending" if self._is_ending else "waiting for its proxy" if self._awaits_origin else "open"
        return f"<Socket {state}, {self.connection!r}>"

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(high=WRITE_BYTES)
        self.connection = Connection(self._app, self._limits, self._shared, self._write, scheme=self._scheme)
        self.connection.sending.waits = self._look_later
        self._owner.opened(self)
        if self._is_direct:
            self.connection.is_direct = True
            peer: object = transport.get_extra_info("peername")
            self.connection.client = peer[:2] if isinstance(peer, tuple) else None
            self._counts.direct += 1
            if self._counts.direct > self._limits.connections:
                self._counts.broken += 1
                self.abort("too many connections")
                return
        self._look_later()
        self._ping = self._loop.call_later(self._limits.ping_seconds, self._ask)

    def data_received(self, data: bytes) -> None:
        self._heard_at = self._loop.time()
        if self._is_ending:
            return
        if self._awaits_origin:
            data = self._after_proxy(self._before + data)
            if not data:
                return
        self._read(data, self._shared.waiting.requests(self))

    def connection_lost(self, exc: Exception | None) -> None:
        for timer in (self._watch, self._ping):
            if timer is not None:
                timer.cancel()
        self._read_no_more()
        self.connection.lost(LEFT)
        self._counts.direct -= self._is_direct
        self._owner.closed(self)

    def pause_writing(self) -> None:
        self.connection.sending.pause()
        self._look_later()

    def resume_writing(self) -> None:
        self.connection.sending.resume()
        self._pace()

    def abort(self, why: str) -> None:
        """End it at once."""
        self.connection.lost(Ending(How.CLOSED, why))
        self._transport.abort()

    def go_away(self) -> None:
        """Have the client go elsewhere with what is new, and end when what is open has ended."""
        self.connection.go_away()
        self._loop.call_later(self._limits.goaway_seconds, self._serve_no_more)

    def _serve_no_more(self) -> None:
        if not self._is_ending:
            self.connection.serve_no_more()
            self._look_later()

    def _after_proxy(self, data: bytes) -> bytes:
        try:
            found = origin(data)
        except NoProxy:
            self._counts.broken += 1
            self.abort("no header of a proxy")
            return b""
        if found is None:
            self._before = data
            return b""
        self._awaits_origin = False
        self._before = b""
        self.connection.client = found.client
        return data[found.header_bytes :]

    def go_on(self, requests: int) -> bool:
        if self._is_ending:
            return False
        self._heard_at = self._loop.time()
        try:
            self._read(b"", requests)
        except Exception:
            self.abort("it could not be read")  # as a transport does where `data_received` raises
            raise
        return self._has_rest

    def _read(self, data: bytes, requests: int) -> None:
        before = self.connection.requests
        try:
            has_rest = self.connection.receive(data, requests)
        except ConnectionFault as fault:
            self._end(fault)
            return
        waiting, begun = self._shared.waiting, self.connection.requests - before
        if has_rest and not self._has_rest:
            waiting.add(self)
        if begun:
            waiting.asked(self, begun)
        self._has_rest = has_rest
        self._pace()
        if self.connection.is_uneasy:
            self._look_later()

    def _read_no_more(self) -> None:
        self._is_ending = True
        self._has_rest = False
        self._shared.waiting.forget(self)

    def _pace(self) -> None:
        """Read on, unless there is a rest, or the client takes nothing while it asks for more."""
        if self._is_ending:
            return
        unread = self.connection.is_full and self._transport.get_write_buffer_size() > UNREAD_BYTES
        if self._has_rest or unread:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()

    def _write(self, pieces: Sequence[bytes | memoryview]) -> None:
        if self._transport.is_closing():
            return  # an application that answers a client who has left
        length = sum(map(len, pieces))
        self._counts.sent_bytes += length
        if self._is_direct:
            self._counts.direct_bytes += length
        self._transport.writelines(pieces)

    def _end(self, fault: ConnectionFault) -> None:
        self._counts.broken += 1
        self._read_no_more()
        self.connection.last_words(fault)
        self.connection.lost(Ending(How.BROKE, fault.text))
        self._transport.close()
        self._loop.call_later(LINGER_SECONDS, self._transport.abort)

    def _look_later(self) -> None:
        if self._watch is None:
            self._watch = self._loop.call_later(LOOK_SECONDS, self._look)

    def _look(self) -> None:
        self._watch = None
        if self._is_ending:
            return
        now = self._loop.time()
        connection = self.connection
        if connection.is_draining and connection.is_idle:
            self._read_no_more()
            connection.sending.flush()
            self._transport.close()
            self._loop.call_later(LINGER_SECONDS, self._transport.abort)
        elif not self._has_rest and (connection.overdue(now) or self._is_mute(now)):
            self._counts.broken += 1
            self.abort("overdue")
        elif self._has_rest or connection.is_uneasy or connection.is_draining:
            self._look_later()

    def _is_mute(self, now: float) -> bool:
        return not self.connection.has_settings and now - self._opened_at > self._limits.first_bytes_seconds

    def _ask(self) -> None:
        """Ask a silent client whether it is there, and end the connection of one that does not answer."""
        if self._is_ending:
            return
        limits, now = self._limits, self._loop.time()
        if self._has_rest:
            self._heard_at = now  # an answer to a ping is behind what waits for its turn
        if self._pinged_at > self._heard_at:
            self._counts.broken += 1
            self.abort("no answer to a ping")
            return
        due = self._heard_at + limits.ping_seconds - now
        if due <= 0:
            self._pinged_at = now
            self.connection.sending.put(frames.frame(frames.Kind.PING, 0, 0, b"tidings?"))
            due = limits.ping_answer_seconds
        self._ping = self._loop.call_later(due, self._ask)
