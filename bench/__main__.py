"""`python -m bench`: measures, prints a report, and writes it with charts and JSON beside this file."""

import argparse
import json
import os
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from bench.cpu import halves
from bench.physical import Costs
from bench.report import charts
from bench.report.machine import Machine
from bench.report.markdown import report
from bench.report.summary import summaries
from bench.run import DURABLE, FLEET, Conditions, Results, run
from bench.scenarios import (
    ceiling,
    controls,
    durable,
    fanout,
    large,
    latency,
    memory,
    placement,
    publish,
    start,
    tokens,
    topics,
)
from bench.scenarios.interface import Plan, Scenario
from bench.systems import fleet, peers
from bench.systems.interface import System
from bench.systems.tidings import by_envoy, by_grpc_port, tidings
from bench.update import updated
from cli.build import hot_path

SCENARIOS: Final[tuple[Scenario, ...]] = (
    publish.SCENARIO,
    topics.EACH,
    topics.TO_1,
    topics.TO_10000,
    topics.TO_100000,
    fanout.TO_10,
    fanout.TO_100,
    fanout.TO_1000,
    fanout.TO_10000,
    fanout.LARGE,
    large.SCENARIO,
    latency.TO_1,
    latency.TO_10,
    latency.TO_10_FAST,
    placement.SCENARIO,
    tokens.SCENARIO,
    controls.SCENARIO,
    memory.SCENARIO,
    start.SCENARIO,
    durable.SCENARIO,
    ceiling.SCENARIO,
)
SYSTEMS: Final[dict[str, System]] = {
    "tidings": tidings,
    "tidings-port": by_grpc_port,
    "tidings-edge": by_envoy,
    FLEET: fleet.fleet,
    "fleet-port": fleet.by_grpc_port,
    "redis": peers.redis,
    "nats": peers.nats,
    "redis-tuned": peers.redis_tuned,
    "nats-tuned": peers.nats_tuned,
    **dict(zip(DURABLE, (fleet.everysec, fleet.always), strict=True)),
}


@dataclass(frozen=True)
class Options:
    """The command line."""

    scenarios: list[str]
    systems: list[str]
    repetitions: int
    seconds: float
    output: Path
    update: bool
    pin: bool
    profile: Path | None


def main() -> int:
    """Run, and return the exit code: 1 where a scenario gave no figure."""
    options = _options()
    machine = Machine.this()
    scenarios = [each for each in SCENARIOS if each.name in options.scenarios]
    systems = {name: system for name, system in SYSTEMS.items() if name in options.systems}
    costs, server_cores = Costs.measure(), list[int]()
    if options.pin:
        server_cores, own = halves(os.sched_getaffinity(0))
        os.sched_setaffinity(0, own)
    plan = Plan(warm_up=1.0, seconds=options.seconds)
    results = run(scenarios, systems, plan, options.repetitions, Conditions(server_cores, options.profile))
    results.costs = costs
    if options.update:
        machine, results = updated(options.output / "results.json", machine, results)
    _write(options.output, machine, results)
    return 1 if results.failures else 0


def _options() -> Options:
    names = [each.name for each in SCENARIOS]
    usual = [name for name in names if name != controls.SCENARIO.name or hot_path() == "plain"]
    parser = argparse.ArgumentParser("python -m bench", description=__doc__)
    parser.add_argument("--scenario", dest="scenarios", nargs="+", choices=names, default=usual, help="which to run")
    parser.add_argument(
        "--system", dest="systems", nargs="+", choices=SYSTEMS, default=list(SYSTEMS), help="which to run"
    )
    parser.add_argument("--repetitions", type=int, default=1, help="how often; the report shows medians (1)")
    parser.add_argument("--seconds", type=float, default=3.0, help="length of each window (3)")
    parser.add_argument("--output", type=Path, default=Path(__file__).parent, help="folder for the report")
    parser.add_argument("--update", action="store_true", help="keep what results.json there has of others")
    parser.add_argument("--pin", action="store_true", help="servers on one half of the cores, load on the other")
    kept = Path(__file__).parent / "profiled"
    parser.add_argument(
        "--profile", type=Path, nargs="?", const=kept, help="profile the servers, into a folder; slows them"
    )
    return Options(**vars(parser.parse_args()))


def _write(folder: Path, machine: Machine, results: Results) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    found = summaries(SCENARIOS, results.measurements)
    text = report(machine, results, found)
    (folder / "results.md").write_text(text, encoding="utf-8")
    everything = {"machine": asdict(machine), **asdict(results)}
    (folder / "results.json").write_text(json.dumps(everything, indent=1) + "\n", encoding="utf-8")
    charts.write(folder / "charts", found)
    print(text)


if __name__ == "__main__":
    sys.exit(main())
