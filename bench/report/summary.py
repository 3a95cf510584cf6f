"""Repeated measurements as medians with their spread, and one system's figure against another's."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from bench.arithmetic import ratio
from bench.measurement import Measurement
from bench.scenarios.interface import Scenario


@dataclass(frozen=True)
class Figures:
    """One system in one scenario, over all repetitions.

    Attributes:
        values: Medians by name.
        lowest, highest: Of the scenario's first figure.
        cores: Medians by group of processes.
        limits: What limited the repetitions, each once.
    """

    system: str
    values: dict[str, float]
    lowest: float
    highest: float
    cores: dict[str, float]
    limits: tuple[str, ...]
    repetitions: int

    @staticmethod
    def of(scenario: Scenario, measurements: Sequence[Measurement]) -> "Figures":
        """Summarise the repetitions of one system."""
        main = [each.values[scenario.figures[0].key] for each in measurements]
        return Figures(
            measurements[0].system,
            {key: statistics.median(each.values[key] for each in measurements) for key in measurements[0].values},
            min(main),
            max(main),
            {key: statistics.median(each.cores[key] for each in measurements) for key in measurements[0].cores},
            tuple(sorted({each.limit.value for each in measurements if each.limit})),
            len(measurements),
        )


@dataclass(frozen=True)
class Summary:
    """A scenario and what each system did in it, in the order of the run."""

    scenario: Scenario
    systems: tuple[Figures, ...]

    def main(self, system: str) -> float | None:
        """Return the first figure of a system, or None if it was not measured."""
        return self.value(system, self.scenario.figures[0].key)

    def value(self, system: str, key: str) -> float | None:
        """Return a figure of a system, or None if it was not measured."""
        return next((each.values.get(key) for each in self.systems if each.system == system), None)

    def against(self, peer: str) -> float | None:
        """Return the first figure of Tidings divided by that of a peer."""
        return ratio(self.main("Tidings"), self.main(peer))


def summaries(scenarios: Sequence[Scenario], measurements: Sequence[Measurement]) -> list[Summary]:
    """Group measurements by scenario and system; scenarios that have none are left out."""
    found: list[Summary] = []
    for scenario in scenarios:
        by_system: dict[str, list[Measurement]] = {}
        for each in measurements:
            if each.scenario == scenario.name:
                by_system.setdefault(each.system, []).append(each)
        if by_system:
            found.append(Summary(scenario, tuple(Figures.of(scenario, each) for each in by_system.values())))
    return found
