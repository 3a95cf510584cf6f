"""How many messages a second reach the subscribers of one topic."""

from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from bench.arithmetic import split
from bench.load.publisher import PublisherSpec
from bench.load.reader import ReaderSpec
from bench.measurement import Measurement
from bench.probe import message_bytes
from bench.scenarios.director import Outcome, direct
from bench.scenarios.interface import VALUE, Against, Figure, Plan, Scenario, served
from bench.systems.interface import Running

_TOPIC: Final = "fan-out"
_LARGE: Final = 15 * 1024
"""One frame of HTTP/2 holds it, and four of them fit the window that the edge opens to a publisher."""
_NUMBERED_BYTES: Final = 8 * 1024
"""From this length on the bytes of a sequence number do not show, and thousands of messages only take long."""


@dataclass(frozen=True)
class Shape:
    """One publisher on one connection, and subscribers of its topic on others.

    Attributes:
        connections: Of the subscribers.
        streams: Subscriptions on each of them.
        value_bytes: Of each message.
        in_flight: Acknowledged publishes that are under way at a time.
    """

    name: str
    connections: int
    streams: int = 1
    value_bytes: int = len(VALUE)
    in_flight: int = 200
    against: Against = Against.ALL

    @property
    def subscribers(self) -> int:
        return self.connections * self.streams


def measure(shape: Shape, running: Running | None, plan: Plan) -> Measurement:
    """Run the load of this shape."""
    system = served(running)
    value = b"x" * shape.value_bytes
    probed = system if shape.value_bytes < _NUMBERED_BYTES else replace(system, first_number=0)
    size = message_bytes(probed, _TOPIC, value)
    shares = split(shape.connections, plan.readers)
    readers = [ReaderSpec(system.dialect, (_TOPIC,), count, size, shape.streams) for count in shares]
    publisher = PublisherSpec(system.dialect, ((_TOPIC,),), shape.in_flight, value)
    outcome = direct(system.pid, publisher, readers, plan)
    return Measurement(shape.name, system.name, _values(outcome, size), outcome.cores, outcome.limit)


def _values(outcome: Outcome, size: int) -> dict[str, float]:
    rate = sum(each.measured.rate for each in outcome.delivered) / size
    return {
        "deliveries": rate,
        "publishes": outcome.published.measured.rate,
        "megabytes": rate * size / 1e6,
        "per_server_cpu": rate * outcome.seconds / max(outcome.busy.server, 0.01),
        "missing": float(sum(each.missing for each in outcome.delivered)),
        "kicked": float(sum(each.kicked for each in outcome.delivered)),
        "message_bytes": float(size),
    }


def described(shape: Shape) -> Scenario:
    """Return the scenario of a shape."""
    kib = shape.value_bytes // 1024
    large = f" of {kib} KiB" if 0 < kib < 1024 else f" of {kib // 1024} MiB" if kib else ""
    where = "each on a connection of its own"
    if shape.streams > 1:
        where = f"{shape.streams} on each of {shape.connections} connections"
    return Scenario(
        shape.name,
        f"Deliveries{large}, 1 publisher to {shape.subscribers:,} subscribers",
        f"One publisher with {shape.in_flight} acknowledged publishes in flight on one connection, "
        f"{shape.value_bytes:,} bytes each; {shape.subscribers:,} subscribers of one topic, {where}, read by two "
        "processes. Bytes that arrived within the window are divided by the length of one message. Missing are "
        "messages that were acknowledged to the publisher and did not arrive at a subscriber by the end; kicked are "
        "subscribers whose connection the server closed.",
        (
            Figure("deliveries", "deliveries/s"),
            Figure("publishes", "publishes/s"),
            Figure("megabytes", "MB/s"),
            Figure("per_server_cpu", "deliveries per CPU-second of the server"),
            Figure("message_bytes", "bytes a message"),
            Figure("missing", "missing"),
            Figure("kicked", "kicked"),
        ),
        partial(measure, shape),
        against=shape.against,
    )


TO_10: Final = described(Shape("fanout-10", 10))
TO_100: Final = described(Shape("fanout-100", 100))
TO_1000: Final = described(Shape("fanout-1000", 1000))
TO_10000: Final = described(Shape("fanout-10000", 100, streams=100, against=Against.TIDINGS))
LARGE: Final = described(Shape("fanout-large", 100, value_bytes=_LARGE, in_flight=4))
