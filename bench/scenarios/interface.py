"""A scenario: what it is called, what it says, and how it runs."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from enum import Enum
from typing import Final

from bench.measurement import Measurement
from bench.systems.interface import Running

VALUE: Final = b"x" * 100
"""The payload of every message: 100 bytes, none of which occurs in a protocol's framing."""


@dataclass(frozen=True)
class Plan:
    """How long to measure.

    Attributes:
        warm_up: Seconds under load before the window.
        seconds: The window's length.
        readers: Processes that the subscribers are spread over.
        watched: What goes on around the window, where a server is under load in one.
    """

    warm_up: float
    seconds: float
    readers: int = 2
    watched: Callable[[], AbstractContextManager[None]] = nullcontext


class Against(Enum):
    """What a scenario is run against."""

    ALL = "each system"
    TIDINGS = "Tidings only"
    DURABILITY = "the ways in which a fleet keeps topics"
    NOTHING = "no server"


@dataclass(frozen=True)
class Figure:
    """One column of a scenario's table.

    Attributes:
        key: Its name in `Measurement.values`.
        decimals: How many to print.
    """

    key: str
    title: str
    decimals: int = 0


@dataclass(frozen=True)
class Scenario:
    """One thing that is measured.

    Attributes:
        explanation: What is done and what the figures mean; printed above the table.
        figures: The columns; the first is the one that is charted and compared.
        more_is_better: Whether a higher first figure is the better one.
        run: Runs it; `running` is None where it needs no server.
    """

    name: str
    title: str
    explanation: str
    figures: tuple[Figure, ...]
    run: Callable[[Running | None, Plan], Measurement]
    against: Against = Against.ALL
    more_is_better: bool = True


def served(running: Running | None) -> Running:
    """Return the system of a scenario that needs one."""
    if running is None:
        raise ValueError("this scenario needs a server")
    return running
