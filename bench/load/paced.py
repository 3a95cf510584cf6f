"""An open loop: one message at each tick of a fixed rate, whether or not earlier ones are acknowledged."""

import time
from dataclasses import dataclass
from typing import Final

from bench.load.connections import Connections, nothing
from bench.load.messages import Published, Ready
from bench.load.publisher import await_ready, await_replies
from bench.load.stamp import stamped
from bench.load.window import Meter, Window
from bench.load.worker import Pipe
from bench.protocols.interface import Dialect

_SET_UP_SECONDS: Final = 20.0


@dataclass(frozen=True)
class PacedSpec:
    """What to publish: payloads of `value_bytes` that carry the time, `per_second` of them."""

    dialect: Dialect
    topic: str
    per_second: int
    value_bytes: int


def publish_paced(spec: PacedSpec, pipe: Pipe) -> None:
    """Say Ready, wait for a Window, publish through it at the rate, and say Published."""
    session = spec.dialect.publishing((spec.topic,), b"")
    connections = Connections(spec.dialect, [session])
    await_ready(connections)
    pipe.send(Ready())
    window = pipe.receive(Window, _SET_UP_SECONDS)
    meter = Meter(window, lambda: session.acknowledged)
    (wire,) = connections.wires
    messages = round((window.end - window.begin) * spec.per_second)
    for number in range(messages):
        time.sleep(max(0.0, window.begin + number / spec.per_second - time.monotonic()))
        meter.tick(time.monotonic())
        wire.socket.sendall(session.publish_value(stamped(spec.value_bytes)))
        connections.read(0, nothing)
    await_replies(connections, messages)
    time.sleep(max(0.0, window.end - time.monotonic()))
    meter.tick(time.monotonic())
    pipe.send(Published(meter.measured, session.acknowledged))
    connections.close()
