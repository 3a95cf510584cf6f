"""What the service is to reach on two cores, and how far each aim is reached, reckoned from the figures of a run.

Most aims are ratios, to a peer or to another form of the service in the same run, since machines differ.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from bench.arithmetic import ratio
from bench.report.summary import Summary
from bench.systems.interface import FLEET, FLEET_GRPC_PORT, GRPC_PORT

SYSTEMS: Final = ("Tidings", GRPC_PORT)
"""Those that the aims are for; a fleet is compared with the one whose way it is reached by."""

_FLEETS: Final = {"Tidings": FLEET, GRPC_PORT: FLEET_GRPC_PORT}
_PER_CPU: Final = "per_server_cpu"

Run = Mapping[str, Summary]
"""What was measured, by scenario."""

Reached = Callable[[Run, str], float | None]
"""What a system reached of an aim, or None where it was not measured."""


@dataclass(frozen=True)
class Aim:
    """One aim.

    Attributes:
        bound: What it is to reach, or not to exceed.
        reached: How far it is reached, in the same unit.
        at_most: Whether less is better.
    """

    title: str
    bound: float
    reached: Reached
    at_most: bool = False

    def row(self, run: Run) -> list[str]:
        """Return its row of a table: what was reached by each of `SYSTEMS`, and whether that is enough."""
        bound = f"{'at most' if self.at_most else 'at least'} {self.bound:g}"
        return [self.title, bound, *(self._cell(self.reached(run, system)) for system in SYSTEMS)]

    def _cell(self, value: float | None) -> str:
        if value is None:
            return "-"
        met = value <= self.bound if self.at_most else value >= self.bound
        return f"{value:.2f}, {'met' if met else 'missed'}"


def rows(summaries: Sequence[Summary]) -> list[list[str]]:
    """Return a table of all aims with the head first; aims of which nothing was measured are left out."""
    run = {summary.scenario.name: summary for summary in summaries}
    found = [aim.row(run) for aim in AIMS]
    head = ["aim", "", *SYSTEMS]
    return [head, *(row for row in found if any(cell != "-" for cell in row[2:]))]


def _value(scenario: str, key: str, run: Run, system: str) -> float | None:
    return run[scenario].value(system, key) if scenario in run else None


def _against(peer: str, scenario: str, key: str, run: Run, system: str) -> float | None:
    return ratio(_value(scenario, key, run, system), _value(scenario, key, run, peer))


def _millions(scenario: str, key: str, run: Run, system: str) -> float | None:
    value = _value(scenario, key, run, system)
    return None if value is None else value / 1e6


def _of_one_process(scenario: str, run: Run, system: str) -> float | None:
    """Return what a fleet does for each CPU-second, of what one process does."""
    return ratio(_value(scenario, _PER_CPU, run, _FLEETS[system]), _value(scenario, _PER_CPU, run, system))


def _kept(scenarios: Sequence[str], run: Run, system: str) -> float | None:
    """Return the least for each CPU-second in these scenarios, of what it is in the first."""
    values = [value for each in scenarios if (value := _value(each, _PER_CPU, run, system)) is not None]
    return ratio(min(values), values[0]) if len(values) == len(scenarios) else None


def _latency(scenario: str, rate: str) -> list[Aim]:
    title = f"latency 1→10 at {rate} messages a second"
    return [
        Aim(f"{title}, p50 / Redis", 2, partial(_against, "Redis", scenario, "p50"), at_most=True),
        Aim(f"{title}, p99 / Redis", 3, partial(_against, "Redis", scenario, "p99"), at_most=True),
    ]


_SUBSCRIBERS: Final = ("fanout-10", "fanout-100", "fanout-1000", "fanout-10000")
_TOPICS: Final = ("topics-1", "publish-1000", "topics-10000", "topics-100000")

AIMS: Final = (
    Aim("deliveries 1→100 / NATS", 1, partial(_against, "NATS", "fanout-100", "deliveries")),
    Aim("deliveries 1→100 / Redis", 0.7, partial(_against, "Redis", "fanout-100", "deliveries")),
    Aim("deliveries 1→1,000 / Redis", 1.5, partial(_against, "Redis", "fanout-1000", "deliveries")),
    Aim("deliveries 1→1,000 / NATS", 1.5, partial(_against, "NATS", "fanout-1000", "deliveries")),
    Aim("deliveries 1→10,000, millions a second", 8, partial(_millions, "fanout-10000", "deliveries")),
    Aim("publishes to 1,000 topics / Redis", 0.5, partial(_against, "Redis", "publish-1000", "publishes")),
    *_latency("latency-10", "500"),
    *_latency("latency-10-at-5000", "5,000"),
    Aim("1 MiB messages 1→100, % of a raw sender", 70, partial(_value, "fanout-1mib", "percent")),
    Aim("memory of an idle subscription, KiB", 12, partial(_value, "memory", "kilobytes"), at_most=True),
    Aim("CPU with 10,000 idle subscriptions, % of a core", 2, partial(_value, "memory", "idle_core"), at_most=True),
    Aim("from the command to the first answer, s", 1.5, partial(_value, "start", "seconds"), at_most=True),
    Aim(
        "authentication, permissions, quotas, metering, %",
        15,
        partial(_value, "controls", "percent"),
        at_most=True,
    ),
    Aim("fleet for each CPU-second, of one process: publishes", 0.7, partial(_of_one_process, "publish")),
    Aim("fleet for each CPU-second, of one process: to 1,000 topics", 0.7, partial(_of_one_process, "publish-1000")),
    Aim("fleet for each CPU-second, of one process: 1→100", 0.7, partial(_of_one_process, "fanout-100")),
    Aim("fleet for each CPU-second, of one process: 1→1,000", 0.7, partial(_of_one_process, "fanout-1000")),
    Aim("deliveries for each CPU-second, least of 10 to 10,000 subscribers / of 10", 0.8, partial(_kept, _SUBSCRIBERS)),
    Aim("publishes for each CPU-second, least of 1 to 100,000 topics / of 1", 0.8, partial(_kept, _TOPICS)),
)
