"""Subscribers that count what they get. One process holds many connections."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from typing import Final

from bench.load.connections import Connections, nothing
from bench.load.messages import Delivered, Expect, Ready
from bench.load.window import Meter, Window
from bench.load.worker import Pipe
from bench.protocols.interface import Dialect, Subscribing

_SET_UP_SECONDS: Final = 60.0
_MANY_STREAMS: Final = 10_000
_STREAMS_AT_ONCE: Final = 1_000
"""Subscriptions that are opened before those before them are confirmed, where there are many: a server that has a
hundred thousand to open at once does nothing else for some seconds, and says that it is not ready."""

_QUIET_SECONDS: Final = 0.3
_NO_PROGRESS_SECONDS: Final = 3.0
_TICK_SECONDS: Final = 0.05


@dataclass(frozen=True)
class ReaderSpec:
    """What to subscribe to.

    Attributes:
        topics: Of all subscriptions, in the order of the connections; or one, to which all of them are.
        connections: How many, each with `streams` subscriptions.
        message_bytes: Of one message as it arrives, its framing included.
    """

    dialect: Dialect
    topics: tuple[str, ...]
    connections: int
    message_bytes: int
    streams: int = 1

    def of(self, connection: int) -> Sequence[str]:
        """Return the topics of a connection's subscriptions."""
        if len(self.topics) == 1:
            return self.topics * self.streams
        return self.topics[connection * self.streams : (connection + 1) * self.streams]


class Reader:
    """All subscribers of one process.

    What arrived before `start` (confirmations, a retained message) does not count.
    """

    def __init__(self, spec: ReaderSpec) -> None:
        self._spec = spec
        sessions: list[Subscribing] = [spec.dialect.subscribing(spec.of(number)) for number in range(spec.connections)]
        is_many = spec.connections * spec.streams > _MANY_STREAMS
        at_once = max(_STREAMS_AT_ONCE // spec.streams, 1) if is_many else spec.connections
        self.connections = Connections(spec.dialect, sessions[:at_once])
        self._sessions = sessions
        for opened in range(at_once, len(sessions), at_once):
            self._await_ready(sessions[:opened])
            self.connections.add(spec.dialect, sessions[opened : opened + at_once])
        self._before = [0] * len(sessions)

    def delivered_bytes(self) -> int:
        """All bytes of messages so far."""
        return sum(session.delivered_bytes for session in self._sessions)

    def set_up(self) -> None:
        """Read until all subscriptions are confirmed and no message comes any more."""
        self._await_ready(self._sessions)
        quiet_since, so_far = time.monotonic(), 0
        while time.monotonic() - quiet_since < _QUIET_SECONDS:
            self.connections.read(_TICK_SECONDS, nothing)
            if (had := self.delivered_bytes()) != so_far:
                quiet_since, so_far = time.monotonic(), had
        self._before = [session.delivered_bytes for session in self._sessions]

    def _await_ready(self, sessions: Sequence[Subscribing]) -> None:
        deadline = time.monotonic() + _SET_UP_SECONDS
        while not all(session.ready for session in sessions):
            if time.monotonic() > deadline or self.connections.lost:
                raise TimeoutError("subscriptions were not confirmed in time")
            self.connections.read(_TICK_SECONDS, nothing)

    def messages(self) -> list[int]:
        """How many whole messages each connection has had."""
        size = self._spec.message_bytes
        return [(s.delivered_bytes - before) // size for s, before in zip(self._sessions, self._before, strict=True)]

    def drain(self, expected: float) -> list[int]:
        """Read until each connection has had `expected` messages, or nothing moves any more; return what each has."""
        progress_at, so_far = time.monotonic(), -1
        while True:
            had = self.messages()
            if sum(had) > so_far:
                progress_at, so_far = time.monotonic(), sum(had)
            if min(had, default=expected) >= expected or time.monotonic() - progress_at > _NO_PROGRESS_SECONDS:
                return had
            self.connections.read(_TICK_SECONDS, nothing)


def read(spec: ReaderSpec, pipe: Pipe) -> None:
    """Say Ready, wait for a Window, read until Expect comes and is met, and say Delivered."""
    reader = Reader(spec)
    reader.set_up()
    pipe.send(Ready())
    window = pipe.receive(Window, _SET_UP_SECONDS)
    meter = Meter(window, reader.delivered_bytes)
    reader.connections.watch(pipe.fileno())
    while not pipe.waiting():
        reader.connections.read(_TICK_SECONDS, nothing)
        meter.tick(time.monotonic())
    owed = pipe.receive(Expect, 0).messages
    had = reader.drain(inf if owed is None else owed * spec.streams)
    missing = 0 if owed is None else sum(max(0, owed * spec.streams - messages) for messages in had)
    pipe.send(Delivered(meter.measured, sum(had), missing, reader.connections.lost))
    reader.connections.close()
