"""What it costs to have a topic's items in Redis, and on its disk, before they are acknowledged."""

from typing import Final

from bench.load.publisher import PublisherSpec
from bench.measurement import Measurement
from bench.scenarios.director import Outcome, direct
from bench.scenarios.interface import VALUE, Against, Figure, Plan, Scenario, served
from bench.systems.interface import Running

_CONNECTIONS: Final = 10
_IN_FLIGHT: Final = 20


def _run(running: Running | None, plan: Plan) -> Measurement:
    system = served(running)
    topics = tuple((f"durable-{number}",) for number in range(_CONNECTIONS))
    alone = _publish(system, topics[:1], 1, plan)
    outcome = _publish(system, topics, _IN_FLIGHT, plan)
    values = {
        "publishes": outcome.published.measured.rate,
        "milliseconds": 1000 / max(alone.published.measured.rate, 0.001),
        "per_server_cpu": outcome.published.measured.rate * outcome.seconds / max(outcome.busy.server, 0.01),
    }
    return Measurement("durable", system.name, values, outcome.cores, outcome.limit)


def _publish(system: Running, topics: tuple[tuple[str, ...], ...], in_flight: int, plan: Plan) -> Outcome:
    return direct(system.pid, PublisherSpec(system.dialect, topics, in_flight, VALUE), [], plan)


SCENARIO: Final = Scenario(
    "durable",
    "Durable topics",
    f"A fleet on one machine; {_IN_FLIGHT} publishes in flight on each of {_CONNECTIONS} connections, each connection "
    f"to a topic of its own, {len(VALUE)} bytes each, no subscriber; and how long one takes that is alone, from its "
    "send to its acknowledgement. First with topics in the memory of their storage node, then with durable topics: in "
    "a Redis Stream before they are acknowledged, which Redis writes to disk each second (`appendfsync everysec`) or "
    "before it answers (`always`).",
    (
        Figure("publishes", "publishes/s"),
        Figure("milliseconds", "ms for one alone", 2),
        Figure("per_server_cpu", "per CPU-second of the server"),
    ),
    _run,
    against=Against.DURABILITY,
)
