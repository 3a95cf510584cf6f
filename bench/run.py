"""Runs scenarios against systems, a fresh server for each, and goes on when one fails."""

import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from bench.measurement import Measurement
from bench.scenarios.interface import Against, Plan, Scenario
from bench.systems.interface import System

FLEET: Final = "fleet"
DURABLE: Final = ("fleet-everysec", "fleet-always")
"""Systems that differ from a fleet in how they keep topics, and are compared with it alone."""


@dataclass
class Results:
    """What came of a run.

    Attributes:
        failures: One line for each scenario that gave no figure.
    """

    measurements: list[Measurement] = field(default_factory=list[Measurement])
    versions: dict[str, str] = field(default_factory=dict[str, str])
    failures: list[str] = field(default_factory=list[str])


def run(scenarios: Sequence[Scenario], systems: Mapping[str, System], plan: Plan, repetitions: int) -> Results:
    """Run all scenarios `repetitions` times, the systems of one scenario right after each other."""
    results = Results()
    for _ in range(repetitions):
        for scenario in scenarios:
            for name in wanted(scenario, systems):
                try:
                    _one(scenario, systems.get(name), plan, results)
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
            return [name for name in systems if name == "tidings"]
        case Against.DURABILITY:
            return [name for name in systems if name in (FLEET, *DURABLE)]
        case Against.NOTHING:
            return ["no server"]


def _one(scenario: Scenario, system: System | None, plan: Plan, results: Results) -> None:
    if system is None:
        measurement = scenario.run(None, plan)
    else:
        with tempfile.TemporaryDirectory(prefix="bench-") as folder, system(Path(folder)) as running:
            results.versions[running.name] = running.version
            measurement = scenario.run(running, plan)
    results.measurements.append(measurement)
    figure = scenario.figures[0]
    value = measurement.values[figure.key]
    print(f"{scenario.name:12} {measurement.system:18} {value:>14,.{figure.decimals}f} {figure.title}", file=sys.stderr)


def _last_line(reason: Exception) -> str:
    lines = str(reason).strip().splitlines()
    return lines[-1] if lines else type(reason).__name__
