"""How long a router takes to find the owner of a topic that it has not seen before."""

import statistics
import time
from typing import Final

from api.names import Topic
from backplane.interface import Node, NodeMap
from backplane.placement import Placement
from bench.measurement import Measurement
from bench.scenarios.interface import Against, Figure, Plan, Scenario
from bench.systems.interface import Running

_NODES: Final = (10, 100, 1000)
_TOPICS: Final = 20_000
_REPETITIONS: Final = 5


def _run(running: Running | None, plan: Plan) -> Measurement:
    del running, plan
    topics = [Topic("account-1", "cache-1", f"topic-{number}") for number in range(_TOPICS)]
    values = {str(nodes): _microseconds(_placement(nodes), topics) for nodes in _NODES}
    return Measurement("placement", "Tidings", values)


def _placement(nodes: int) -> Placement:
    entries = {name: Node(name) for name in (f"node-{number}" for number in range(nodes))}
    return Placement(NodeMap(1, entries))


def _microseconds(placement: Placement, topics: list[Topic]) -> float:
    """Return the median, over repetitions, of the mean time of one placement."""
    means: list[float] = []
    for _ in range(_REPETITIONS):
        begin = time.perf_counter()
        for topic in topics:
            placement.computed_owner(topic)
        means.append((time.perf_counter() - begin) / len(topics) * 1e6)
    return statistics.median(means)


SCENARIO: Final = Scenario(
    "placement",
    "Placement of a topic",
    f"Microseconds to compute the owner of a topic among so many storage nodes, by rendezvous hashing, without what is "
    f"remembered from earlier: the mean over {_TOPICS:,} topics, median of {_REPETITIONS} repetitions, in one thread.",
    tuple(Figure(str(nodes), f"{nodes:,} nodes, µs", 2) for nodes in _NODES),
    _run,
    against=Against.NOTHING,
    more_is_better=False,
)
