"""`python -m bench.metering`: what counting costs, by itself and end to end through Envoy.

First the calls that a publish and a write to a subscriber make to count, into a mapped file, in this process. Then two
services run side by side, one of which counts all that it does many times, and are measured in turn, again and again: a
machine that is busy with other things is so for both. What is compared is the work that a second of the server's
processor does. A service that counts once differs from one that counts nothing by less than from itself; the cost of
many times stands out, and is divided by their number. It is a little too high: each repetition has a call of its own.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from api.usage import DELIVERY, PUBLISH, operations
from bench.scenarios import fanout, publish
from bench.scenarios.interface import Plan, Scenario
from bench.side_by_side import beside, costs, in_turn
from bench.systems.interface import Running
from bench.systems.overmetered import TIMES
from router.meters.flights import Flights, pack
from router.meters.folder import Folder
from router.meters.meters import Meters

OVERMETERED = "bench.systems.overmetered:app"
SCENARIOS = (publish.SCENARIO, fanout.TO_100, fanout.TO_1000)
PER_CPU_SECOND = "per_server_cpu"
CALLS, CALL_ROUNDS = 20_000, 25
VALUE_BYTES = 100


def main() -> None:
    """Measure, and print a table of medians and of the ratios of neighbouring rounds."""
    parser = argparse.ArgumentParser("python -m bench.metering", description=__doc__)
    parser.add_argument("--rounds", type=int, default=9, help="of each service and scenario (9)")
    parser.add_argument("--seconds", type=float, default=4.0, help="of a round (4)")
    names = [scenario.name for scenario in SCENARIOS]
    parser.add_argument("--scenario", choices=names, action="append", help="this one alone; may be repeated (all)")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        for name, microseconds in _calls(Path(folder)).items():
            _say(f"{name}: {microseconds:.2f} µs")
    plan = Plan(warm_up=1.0, seconds=given.seconds)
    with beside(OVERMETERED) as services:
        _say(f"| scenario | per CPU-second | counted {TIMES} times | cost of once, median | quartiles |")
        _say("|---|---|---|---|---|")
        for scenario in (each for each in SCENARIOS if each.name in (given.scenario or names)):
            _say(_row(scenario, services, plan, given.rounds))


def _calls(parent: Path) -> dict[str, float]:
    """Return the CPU time of what is called to count, in microseconds."""
    folder = Folder.make(parent, "bench")
    meters = Meters(folder.open_window)
    known = {name: meters.meter("account", "cache", name, "key:bench") for name in (PUBLISH, DELIVERY)}
    flight = Flights(folder.open_flights).board(known[DELIVERY])

    def publish() -> None:  # as router.router does
        meter = known[PUBLISH]
        meter.ready()
        partial(meter.add, 1, VALUE_BYTES, operations(VALUE_BYTES))()

    packed = pack(1, VALUE_BYTES, 1)  # once for all subscribers

    def write() -> None:  # as router.subscription does
        flight.begin(packed)
        flight.landed(1, VALUE_BYTES, 1)

    empty = _microseconds(lambda: None)
    costs = {"a publish": _microseconds(publish) - empty, "a write to a subscriber": _microseconds(write) - empty}
    folder.remove_all()
    return costs


def _microseconds(call: Callable[[], None]) -> float:
    """Return the median of what one call takes."""
    took: list[float] = []
    for _ in range(CALL_ROUNDS):
        began = time.process_time()
        for _ in range(CALLS):
            call()
        took.append((time.process_time() - began) / CALLS * 1e6)
    return statistics.median(took)


def _row(scenario: Scenario, services: tuple[Running, Running], plan: Plan, rounds: int) -> str:
    found = in_turn(scenario, services, plan, rounds)
    once = [-gained / (TIMES - 1) for gained in costs(found, PER_CPU_SECOND)]
    lower, _, upper = statistics.quantiles(once, n=4)
    ours, other = (statistics.median(each.values[PER_CPU_SECOND] for each in some) for some in zip(*found, strict=True))
    return (
        f"| {scenario.name} | {ours:,.0f} | {other:,.0f} | {statistics.median(once):.1f} % "
        f"| {lower:.1f} to {upper:.1f} % |"
    )


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
