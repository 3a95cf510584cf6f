"""A closed loop of publishers: each connection keeps a fixed number of publishes in flight until the window ends."""

import time
from dataclasses import dataclass
from typing import Final

from bench.load.connections import Connections, Wire, nothing
from bench.load.messages import Published, Ready
from bench.load.window import Meter, Window
from bench.load.worker import Pipe
from bench.protocols.interface import Dialect, Publishing

_SET_UP_SECONDS: Final = 20.0
_LAST_REPLY_SECONDS: Final = 10.0
_TICK_SECONDS: Final = 0.05


@dataclass(frozen=True)
class PublisherSpec:
    """What to publish.

    Attributes:
        topics: Of each connection, which publishes to its own in turn.
        in_flight: Unacknowledged publishes of each connection.
        value: The payload.
    """

    dialect: Dialect
    topics: tuple[tuple[str, ...], ...]
    in_flight: int
    value: bytes


def publish(spec: PublisherSpec, pipe: Pipe) -> None:
    """Say Ready, wait for a Window, publish until it ends, and say Published."""
    sessions = [spec.dialect.publishing(topics, spec.value) for topics in spec.topics]
    connections = Connections(spec.dialect, sessions)
    await_ready(connections)
    pipe.send(Ready())
    window = pipe.receive(Window, _SET_UP_SECONDS)
    meter = Meter(window, lambda: sum(session.acknowledged for session in sessions))
    sent = dict.fromkeys(sessions, 0)

    def refill(wire: Wire[Publishing], _chunk: memoryview) -> None:
        session = wire.session
        free = spec.in_flight + session.acknowledged - sent[session]
        if free:
            sent[session] += free
            wire.socket.sendall(session.publish(free))

    for wire in connections.wires:
        refill(wire, memoryview(b""))
    while (now := time.monotonic()) < window.end:
        meter.tick(now)
        connections.read(_TICK_SECONDS, refill)
    meter.tick(time.monotonic())
    await_replies(connections, sum(sent.values()))
    pipe.send(Published(meter.measured, sum(session.acknowledged for session in sessions)))
    connections.close()


def await_ready(connections: Connections[Publishing]) -> None:
    """Read until each connection may be published on."""
    deadline = time.monotonic() + _SET_UP_SECONDS
    while not all(wire.session.ready for wire in connections.wires):
        if time.monotonic() > deadline or connections.lost:
            raise TimeoutError("a connection to publish on was not set up")
        connections.read(_TICK_SECONDS, nothing)


def await_replies(connections: Connections[Publishing], sent: int) -> None:
    """Read until all that was sent is acknowledged."""
    deadline = time.monotonic() + _LAST_REPLY_SECONDS
    while (missing := sent - sum(wire.session.acknowledged for wire in connections.wires)) > 0:
        if time.monotonic() > deadline or connections.lost:
            raise TimeoutError(f"{missing} publishes were never acknowledged")
        connections.read(_TICK_SECONDS, nothing)
