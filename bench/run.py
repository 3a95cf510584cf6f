"""Runs scenarios against systems, a fresh server for each, and goes on when one fails."""

import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Final

from bench.cpu import pin
from bench.measurement import Measurement
from bench.physical import Costs
from bench.profiles import profiled
from bench.scenarios.interface import Against, Plan, Scenario
from bench.systems.interface import System

FLEET: Final = "fleet"
DURABLE: Final = ("fleet-everysec", "fleet-always")
"""Systems that differ from a fleet in how they keep topics, and are compared with it alone."""


@dataclass
class Results:
    """What came of a run.

    Attributes:
        began: When each scenario was run, where a report is put together from several runs.
        costs: What the machine itself can do.
        failures: One line for each scenario that gave no figure.
    """

    measurements: list[Measurement] = field(default_factory=list[Measurement])
    began: dict[str, str] = field(default_factory=dict[str, str])
    costs: Costs | None = None
    versions: dict[str, str] = field(default_factory=dict[str, str])
    failures: list[str] = field(default_factory=list[str])


@dataclass(frozen=True)
class Conditions:
    """How to run, beside the plan of each measurement.

    Attributes:
        server_cores: Those that servers are kept to; all if empty. Generators inherit those of this process.
        profiles: A folder for what servers spend their time on; None for no profiles.
    """

    server_cores: Sequence[int] = ()
    profiles: Path | None = None


def run(
    scenarios: Sequence[Scenario],
    systems: Mapping[str, System],
    plan: Plan,
    repetitions: int,
    conditions: Conditions,
) -> Results:
    """Run all scenarios `repetitions` times, the systems of one scenario right after each other."""
    results = Results()
    for _ in range(repetitions):
        for scenario in scenarios:
            for name in wanted(scenario, systems):
                try:
                    _one(scenario, systems.get(name), plan, results, conditions)
                except Exception as reason:  # noqa: BLE001 -- the other scenarios still have their say
                    results.failures.append(f"{scenario.title}, {name}: {_last_line(reason)}")
                    print(f"{scenario.name} {name}: failed\n{reason}", file=sys.stderr)
    return results


def wanted(scenario: Scenario, systems: Mapping[str, System]) -> list[str]:
    """Return the names of the systems that a scenario is run against."""
    match scenario.against:
        case Against.ALL:
            return [name for name in systems if name not in DURABLE]
        case Against.TIDINGS:
            return [name for name in systems if name in ("tidings", "tidings-port", "tidings-edge")]
        case Against.DURABILITY:
            return [name for name in systems if name in (FLEET, *DURABLE)]
        case Against.NOTHING:
            return ["no server"]


def _one(scenario: Scenario, system: System | None, plan: Plan, results: Results, conditions: Conditions) -> None:
    if system is None:
        measurement = scenario.run(None, plan)
    else:
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
            running = stack.enter_context(system(folder))
            results.versions[running.name] = running.version
            if conditions.server_cores:
                pin(running.pid, conditions.server_cores)
            if conditions.profiles:
                name = f"{scenario.name}-{running.name.replace(',', '').replace(' ', '-').lower()}"
                plan = replace(plan, watched=partial(profiled, running.pid, folder, conditions.profiles, name))
            measurement = scenario.run(running, plan)
    results.measurements.append(measurement)
    figure = scenario.figures[0]
    value = measurement.values[figure.key]
    print(f"{scenario.name:12} {measurement.system:18} {value:>14,.{figure.decimals}f} {figure.title}", file=sys.stderr)


def _last_line(reason: Exception) -> str:
    lines = str(reason).strip().splitlines()
    return lines[-1] if lines else type(reason).__name__
