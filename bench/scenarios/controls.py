"""What authentication, permissions, quotas and metering cost a publish, all together."""

import statistics
from typing import Final

from bench.measurement import Measurement
from bench.scenarios import publish
from bench.scenarios.interface import Against, Figure, Plan, Scenario
from bench.side_by_side import beside, costs, in_turn
from bench.systems.interface import Running

_UNCHECKED: Final = "bench.systems.unchecked:app"
_ROUNDS: Final = 4
_LONGEST_WARM_UP: Final = 0.5


def _run(running: Running | None, plan: Plan) -> Measurement:
    del running
    brief = Plan(min(plan.warm_up, _LONGEST_WARM_UP), plan.seconds, plan.readers)
    with beside(_UNCHECKED) as services:
        found = in_turn(publish.SCENARIO, services, brief, _ROUNDS)
    of_cpu = costs(found, "per_server_cpu")
    values = {
        "percent": statistics.median(of_cpu),
        "least": min(of_cpu),
        "most": max(of_cpu),
        "of_rate": statistics.median(costs(found, "publishes")),
        "with": statistics.median(ours.values["per_server_cpu"] for ours, _ in found),
        "without": statistics.median(free.values["per_server_cpu"] for _, free in found),
    }
    return Measurement("controls", "Tidings", values)


SCENARIO: Final = Scenario(
    "controls",
    "Cost of authentication, permissions, quotas and metering together",
    f"The load of `publish`, in {_ROUNDS} rounds, on two whole services that run side by side and take turns: one "
    "as it is, and one whose router looks at a token and a permission once and takes them as given from then on, "
    "charges no quota and counts nothing (`bench/systems/unchecked.py`). What is compared is the publishes that a "
    "CPU-second of all the server's processes does, Envoy's work included; the cost is how much less that is with "
    "everything on, round by round.",
    (
        Figure("percent", "% of publishes per CPU-second", 1),
        Figure("least", "least", 1),
        Figure("most", "most", 1),
        Figure("of_rate", "% of publishes/s", 1),
        Figure("with", "with, per CPU-second"),
        Figure("without", "without, per CPU-second"),
    ),
    _run,
    against=Against.NOTHING,
    more_is_better=False,
)
