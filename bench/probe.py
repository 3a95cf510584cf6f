"""Brings a topic to where its messages have a constant length, and measures that length."""

import time
from typing import Final

from bench.load.connections import Connections, nothing
from bench.load.publisher import await_ready, await_replies
from bench.protocols.interface import Dialect, Subscribing
from bench.systems.interface import Running

_SECONDS: Final = 10.0
_QUIET_SECONDS: Final = 0.05
_IN_FLIGHT: Final = 200


def message_bytes(running: Running, topic: str, value: bytes) -> int:
    """Return how many bytes one message of `topic` has on a subscription.

    Sequence numbers are written with a variable length, so `first_number` messages are published before; that also
    warms the server up.
    """
    dialect = running.dialect
    session = dialect.publishing((topic,), value)
    publishing = Connections(dialect, [session])
    await_ready(publishing)
    (wire,) = publishing.wires
    for sent in range(0, running.first_number, _IN_FLIGHT):
        wire.socket.sendall(session.publish(_IN_FLIGHT))
        await_replies(publishing, sent + _IN_FLIGHT)
    subscriber = _subscriber(dialect, topic)
    sizes: list[int] = []
    for _ in range(3):
        wire.socket.sendall(session.publish(1))
        await_replies(publishing, session.acknowledged + 1)
        sizes.append(_next(subscriber, len(value)))
    publishing.close()
    subscriber.close()
    return min(sizes)


def _subscriber(dialect: Dialect, topic: str) -> Connections[Subscribing]:
    subscriber = Connections(dialect, [dialect.subscribing((topic,))])
    deadline = time.monotonic() + _SECONDS
    while subscriber.read(0.2, nothing) or not subscriber.wires[0].session.ready:
        if time.monotonic() > deadline:
            raise TimeoutError("the subscription was not confirmed")
    return subscriber


def _next(subscriber: Connections[Subscribing], at_least: int) -> int:
    """Return the length of the next message, and perhaps of a heartbeat beside it."""
    session = subscriber.wires[0].session
    before = session.delivered_bytes
    deadline = time.monotonic() + _SECONDS
    while session.delivered_bytes - before < at_least:
        if time.monotonic() > deadline:
            raise TimeoutError("the message did not arrive")
        subscriber.read(0.2, nothing)
    while subscriber.read(_QUIET_SECONDS, nothing):
        pass  # a long message comes in pieces, and its framing may end after its value
    return session.delivered_bytes - before
