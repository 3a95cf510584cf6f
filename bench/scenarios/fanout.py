"""How many messages a second reach the subscribers of one topic."""

from functools import partial
from typing import Final

from bench.arithmetic import split
from bench.load.publisher import PublisherSpec
from bench.load.reader import ReaderSpec
from bench.measurement import Measurement
from bench.probe import message_bytes
from bench.scenarios.director import Outcome, direct
from bench.scenarios.interface import VALUE, Figure, Plan, Scenario, served
from bench.systems.interface import Running

_IN_FLIGHT: Final = 200
_TOPIC: Final = "fan-out"


def _run(subscribers: int, running: Running | None, plan: Plan) -> Measurement:
    system = served(running)
    size = message_bytes(system, _TOPIC, VALUE)
    readers = [ReaderSpec(system.dialect, _TOPIC, count, size) for count in split(subscribers, plan.readers)]
    publisher = PublisherSpec(system.dialect, (_TOPIC,), _IN_FLIGHT, VALUE)
    outcome = direct(system.pid, publisher, readers, plan)
    return Measurement(_name(subscribers), system.name, _values(outcome, size), outcome.cores, outcome.limit)


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


def _name(subscribers: int) -> str:
    return f"fanout-{subscribers}"


def _scenario(subscribers: int) -> Scenario:
    return Scenario(
        _name(subscribers),
        f"Deliveries, 1 publisher to {subscribers:,} subscribers",
        f"One publisher with {_IN_FLIGHT} acknowledged publishes in flight on one connection, {len(VALUE)} bytes each; "
        f"{subscribers:,} subscribers of one topic, each on a connection of its own, read by two processes. Bytes that "
        "arrived within the window are divided by the length of one message. Missing are messages that were "
        "acknowledged to the publisher and did not arrive at a subscriber by the end; kicked are subscribers whose "
        "connection the server closed.",
        (
            Figure("deliveries", "deliveries/s"),
            Figure("publishes", "publishes/s"),
            Figure("megabytes", "MB/s"),
            Figure("per_server_cpu", "deliveries per CPU-second of the server"),
            Figure("message_bytes", "bytes a message"),
            Figure("missing", "missing"),
            Figure("kicked", "kicked"),
        ),
        partial(_run, subscribers),
    )


TO_100: Final = _scenario(100)
TO_1000: Final = _scenario(1000)
