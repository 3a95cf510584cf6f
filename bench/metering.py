"""`python -m bench.metering`: what counting costs, end to end through Envoy, with all the rest switched on.

Two services run side by side, one of which counts nothing, and are measured in turn, again and again: a machine that is
busy with other things is so for both. What is compared is the work that a second of the server's processor does.
"""

import argparse
import statistics
import sys
import tempfile
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from bench.scenarios import fanout, publish
from bench.scenarios.interface import Plan, Scenario
from bench.systems.interface import Running
from bench.systems.tidings import tidings

UNMETERED = "bench.systems.unmetered:app"
SCENARIOS = (publish.SCENARIO, fanout.TO_100)
PER_CPU_SECOND = "per_server_cpu"


def main() -> None:
    """Measure, and print a table of medians and of the ratios of neighbouring rounds."""
    parser = argparse.ArgumentParser("python -m bench.metering", description=__doc__)
    parser.add_argument("--rounds", type=int, default=9, help="of each service and scenario (9)")
    parser.add_argument("--seconds", type=float, default=4.0, help="of a round (4)")
    given = parser.parse_args()
    plan = Plan(warm_up=1.0, seconds=given.seconds)
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, ExitStack() as stack:
        services: list[Running] = []
        for name, system in (("metered", tidings), ("free", partial(tidings, app=UNMETERED))):
            (Path(folder) / name).mkdir()
            services.append(stack.enter_context(system(Path(folder) / name)))
        _say("| scenario | metered per CPU-second | not metered | cost, median | cost, quartiles |")
        _say("|---|---|---|---|---|")
        for scenario in SCENARIOS:
            _say(_row(scenario, services, plan, given.rounds))


def _row(scenario: Scenario, services: list[Running], plan: Plan, rounds: int) -> str:
    found: list[tuple[float, float]] = []
    for number in range(rounds):
        order = services if number % 2 else services[::-1]
        rates = {id(service): scenario.run(service, plan).values[PER_CPU_SECOND] for service in order}
        found.append((rates[id(services[0])], rates[id(services[1])]))
    costs = [100 * (1 - metered / free) for metered, free in found]
    lower, _, upper = statistics.quantiles(costs, n=4)
    metered, free = (statistics.median(each) for each in zip(*found, strict=True))
    return (
        f"| {scenario.name} | {metered:,.0f} | {free:,.0f} | {statistics.median(costs):.1f} % "
        f"| {lower:.1f} to {upper:.1f} % |"
    )


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
