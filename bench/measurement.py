"""What a scenario yields for one system."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from bench.load.window import Measured

_SATURATED_CORE: Final = 0.9
_SATURATED_MACHINE: Final = 0.95
_DISTURBING_CORES: Final = 0.2


class Limit(StrEnum):
    """What kept the figure from being higher."""

    GENERATOR = "a generator"
    OTHERS = "something else that ran on the machine"
    MACHINE = "the machine's cores, shared with the generators"
    SERVER = "the server"
    PACE = "the pace that was asked for"


@dataclass(frozen=True)
class Measurement:
    """One run of one scenario against one system.

    Attributes:
        values: Figures by name; which names there are is the scenario's matter.
        cores: Cores used within the window, by group of processes.
        limit: What kept the main figure from being better, where that is known.
        notes: What a reader must know to trust the figures.
    """

    scenario: str
    system: str
    values: Mapping[str, float]
    cores: Mapping[str, float] = field(default_factory=dict[str, float])
    limit: Limit | None = None
    notes: tuple[str, ...] = ()


def limit(generators: Sequence[Measured], machine_share: float, others: float) -> Limit:
    """Name the bottleneck of a closed loop.

    Args:
        generators: What each generator process did.
        machine_share: How much of all cores was in use, from 0 to 1.
        others: Cores used by processes that have no part in the run.
    """
    if any(each.core_share >= _SATURATED_CORE for each in generators):
        return Limit.GENERATOR
    if others >= _DISTURBING_CORES:
        return Limit.OTHERS
    if machine_share >= _SATURATED_MACHINE:
        return Limit.MACHINE
    return Limit.SERVER
