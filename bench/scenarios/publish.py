"""How many publishes a second are acknowledged, with nobody subscribed."""

from typing import Final

from bench.load.publisher import PublisherSpec
from bench.measurement import Measurement
from bench.scenarios.director import direct
from bench.scenarios.interface import VALUE, Figure, Plan, Scenario, served
from bench.systems.interface import Running

_CONNECTIONS: Final = 10
_IN_FLIGHT: Final = 20


def _run(running: Running | None, plan: Plan) -> Measurement:
    system = served(running)
    topics = tuple((f"publish-{number}",) for number in range(_CONNECTIONS))
    outcome = direct(system.pid, PublisherSpec(system.dialect, topics, _IN_FLIGHT, VALUE), [], plan)
    rate = outcome.published.measured.rate
    values = {"publishes": rate, "per_server_cpu": rate * outcome.seconds / max(outcome.busy.server, 0.01)}
    return Measurement("publish", system.name, values, outcome.cores, outcome.limit)


SCENARIO: Final = Scenario(
    "publish",
    "Acknowledged publishes",
    f"{_IN_FLIGHT} publishes in flight on each of {_CONNECTIONS} connections, each connection to a topic of its own, "
    f"{len(VALUE)} bytes each, no subscriber. The acknowledgement is, for Tidings, the OK status of a unary gRPC call; "
    "for Redis, the integer reply to a pipelined PUBLISH; for NATS, the `+OK` to a PUB in verbose mode (core NATS does "
    "not acknowledge otherwise).",
    (Figure("publishes", "publishes/s"), Figure("per_server_cpu", "per CPU-second of the server")),
    _run,
)
