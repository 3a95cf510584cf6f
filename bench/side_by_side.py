"""Two services side by side that are measured in turn: a machine that is busy with other things is so for both."""

import tempfile
from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import TypeAlias

from bench.measurement import Measurement
from bench.scenarios.interface import Plan, Scenario
from bench.systems.interface import Running
from bench.systems.tidings import tidings
from cli.build import hot_path

Round: TypeAlias = tuple[Measurement, Measurement]
"""What ours gave, and what the other one gave."""


@contextmanager
def beside(app: str) -> Generator[tuple[Running, Running]]:
    """Start ours, which is the service as it is, and the other one, which runs `app` instead.

    Raises:
        RuntimeError: the hot path is compiled, and parts of `app` inherit from it, which only plain Python allows.
    """
    if hot_path() == "compiled":
        raise RuntimeError("measured as plain Python alone: run `make plain`, and then `.venv/bin/python -m bench`")
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, ExitStack() as stack:
        services: list[Running] = []
        for name, system in (("ours", tidings), ("other", partial(tidings, app=app))):
            (Path(folder) / name).mkdir()
            services.append(stack.enter_context(system(Path(folder) / name)))
        ours, other = services
        yield ours, other


def in_turn(scenario: Scenario, services: tuple[Running, Running], plan: Plan, rounds: int) -> Sequence[Round]:
    """Run a scenario on both so many times; which of them is first changes from round to round."""
    ours, other = services
    found: list[Round] = []
    for number in range(rounds):
        order = (ours, other) if number % 2 else (other, ours)
        measured = {id(each): scenario.run(each, plan) for each in order}
        found.append((measured[id(ours)], measured[id(other)]))
    return found


def costs(found: Sequence[Round], key: str) -> list[float]:
    """Return by how many per cent ours does less than the other one, round by round."""
    return [100 * (1 - ours.values[key] / other.values[key]) for ours, other in found]
