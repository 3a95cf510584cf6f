"""How long the service takes from its command to its first answer."""

import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from bench.cpu import tree_seconds
from bench.measurement import Measurement
from bench.scenarios.interface import Against, Figure, Plan, Scenario
from bench.systems.interface import Running
from bench.systems.tidings import command, port_of, up

_STARTS: Final = 3


def _run(running: Running | None, plan: Plan) -> Measurement:
    del running, plan
    with TemporaryDirectory(prefix="bench-") as folder:
        data = Path(folder) / "data"
        command(data, "account", "create", "bench@example.com", "--password-stdin", typed="correct horse battery")
        starts = [_start(Path(folder), data) for _ in range(_STARTS)]
    seconds, cpu = min(starts)
    return Measurement("start", "Tidings", {"seconds": seconds, "cpu": cpu})


def _start(folder: Path, data: Path) -> tuple[float, float]:
    """Return the seconds until the service says that it is ready, and the CPU-seconds of its processes."""
    began = time.monotonic()
    with up(folder, data) as started:
        port_of(started)
        seconds = time.monotonic() - began
        return seconds, tree_seconds(started.pid)


SCENARIO: Final = Scenario(
    "start",
    "Time to serve after start",
    f"`tidings up` on a data folder that has an account, from the command to the line that says that it is ready; the "
    f"best of {_STARTS} starts, since files are in the machine's memory after the first.",
    (Figure("seconds", "seconds", 2), Figure("cpu", "CPU-seconds of all its processes", 2)),
    _run,
    against=Against.NOTHING,
    more_is_better=False,
)
