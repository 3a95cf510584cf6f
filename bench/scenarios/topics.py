"""Publishes to many topics with one subscriber each."""

from dataclasses import dataclass
from functools import partial
from typing import Final

from bench.arithmetic import split
from bench.load.connections import Connections
from bench.load.publisher import PublisherSpec, await_ready, await_replies
from bench.load.reader import ReaderSpec
from bench.measurement import Measurement
from bench.probe import message_bytes
from bench.scenarios.director import direct
from bench.scenarios.interface import VALUE, Against, Figure, Plan, Scenario, served
from bench.systems.interface import Running

_PUBLISHERS: Final = 10
_IN_FLIGHT: Final = 20
_PROBE: Final = "probe-000000"
"""As long as the other topics, since Redis and NATS send a topic's name with each message."""

_TWO_BYTES: Final = 128
"""From this one on, to 16,383, a sequence number takes two bytes; a topic gets no further here."""


@dataclass(frozen=True)
class Shape:
    """So many topics, each with one subscription.

    Attributes:
        streams: Subscriptions on each connection of the readers.
        exact: Whether messages are counted, for which all of them must have equal length.
    """

    name: str
    topics: int
    streams: int
    against: Against
    exact: bool = False


def _run(shape: Shape, running: Running | None, plan: Plan) -> Measurement:
    system = served(running)
    topics = tuple(f"topic-{number:06}" for number in range(shape.topics))
    first_number = _TWO_BYTES if system.first_number else 0
    size = message_bytes(Running(system.name, system.version, system.pid, system.dialect, first_number), _PROBE, VALUE)
    if shape.exact:
        _advance(system, topics, first_number)
    connections = shape.topics // shape.streams
    readers: list[ReaderSpec] = []
    for count in filter(None, split(connections, plan.readers)):
        begin = sum(len(each.topics) for each in readers)
        own = topics[begin : begin + count * shape.streams]
        readers.append(ReaderSpec(system.dialect, own, count, size, shape.streams))
    publishers = tuple(filter(None, (topics[number::_PUBLISHERS] for number in range(_PUBLISHERS))))
    publisher = PublisherSpec(system.dialect, publishers, _IN_FLIGHT * _PUBLISHERS // len(publishers), VALUE)
    outcome = direct(system.pid, publisher, readers, plan, alike=False)
    delivered = sum(each.messages for each in outcome.delivered)
    rate = sum(each.measured.rate for each in outcome.delivered) / size
    values = {
        "publishes": outcome.published.measured.rate,
        "deliveries": rate,
        "per_server_cpu": rate * outcome.seconds / max(outcome.busy.server, 0.01),
        "missing": float(outcome.published.acknowledged - delivered) if shape.exact else 0.0,
        "kicked": float(sum(each.kicked for each in outcome.delivered)),
    }
    return Measurement(shape.name, system.name, values, outcome.cores, outcome.limit)


def _advance(system: Running, topics: tuple[str, ...], messages: int) -> None:
    """Publish to each topic until its sequence numbers have their final length."""
    session = system.dialect.publishing(topics, VALUE)
    connections = Connections(system.dialect, [session])
    await_ready(connections)
    (wire,) = connections.wires
    for sent in range(0, messages * len(topics), 2 * _IN_FLIGHT * _PUBLISHERS):
        wire.socket.sendall(session.publish(2 * _IN_FLIGHT * _PUBLISHERS))
        await_replies(connections, sent + 2 * _IN_FLIGHT * _PUBLISHERS)
    connections.close()


def _scenario(shape: Shape) -> Scenario:
    where = "each on a connection of its own" if shape.streams == 1 else f"{shape.streams} on each connection"
    missing = (Figure("missing", "missing"),) if shape.exact else ()
    return Scenario(
        shape.name,
        f"Publishes to {shape.topics:,} topic{'s' if shape.topics > 1 else ''} with a subscriber each",
        f"{_IN_FLIGHT * _PUBLISHERS} acknowledged publishes in flight, {len(VALUE)} bytes each, on up to {_PUBLISHERS} "
        f"connections, each of which goes round its share of the topics; the subscriptions, {where}, are read by two "
        "processes. Every publish is one delivery.",
        (
            Figure("publishes", "publishes/s"),
            Figure("deliveries", "deliveries/s"),
            Figure("per_server_cpu", "deliveries per CPU-second of the server"),
            *missing,
            Figure("kicked", "kicked"),
        ),
        partial(_run, shape),
        against=shape.against,
    )


EACH: Final = _scenario(Shape("publish-1000", 1_000, 1, Against.ALL, exact=True))
TO_1: Final = _scenario(Shape("topics-1", 1, 1, Against.TIDINGS))
TO_10000: Final = _scenario(Shape("topics-10000", 10_000, 100, Against.TIDINGS))
TO_100000: Final = _scenario(Shape("topics-100000", 100_000, 100, Against.TIDINGS))
