"""CPU time and memory of other processes, read from `/proc`."""

import os
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_TICKS_PER_SECOND: Final = os.sysconf("SC_CLK_TCK")
_PAGE_BYTES: Final = os.sysconf("SC_PAGE_SIZE")


def tree(pid: int) -> list[int]:
    """Return a process and all its descendants."""
    children = [
        int(child)
        for path in Path(f"/proc/{pid}/task").glob("*/children")
        for child in path.read_text(encoding="ascii").split()
    ]
    return [pid, *(descendant for child in children for descendant in tree(child))]


def pin(pid: int, cores: Collection[int]) -> None:
    """Let a process, its children and all their threads, and those that they start from now on, run on these cores."""
    for each in tree(pid):
        for thread in Path(f"/proc/{each}/task").iterdir():
            os.sched_setaffinity(int(thread.name), cores)


def halves(cores: Collection[int]) -> tuple[list[int], list[int]]:
    """Return cores for servers and cores for generators, none of which is in both.

    Raises:
        ValueError: there is one core alone.
    """
    if len(cores) < 2:
        raise ValueError("one core cannot be divided between servers and generators")
    ordered = sorted(cores)
    return ordered[: len(ordered) // 2], ordered[len(ordered) // 2 :]


def process_seconds(pid: int) -> float:
    """Return the CPU time, user and system, of all threads of a process."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS_PER_SECOND


def resident_bytes(pid: int) -> int:
    """Return how much memory a process has in RAM."""
    return int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * _PAGE_BYTES


def tree_seconds(pid: int) -> float:
    """Return the CPU time of a process and all its descendants."""
    return sum(map(process_seconds, tree(pid)))


def tree_bytes(pid: int) -> int:
    """Return how much memory a process and all its descendants have in RAM."""
    return sum(map(resident_bytes, tree(pid)))


@dataclass(frozen=True)
class Busy:
    """CPU time of a system and of the whole machine, both in core-seconds, at one moment."""

    server: float
    machine: float
    idle: float

    @staticmethod
    def now(server_pid: int) -> "Busy":
        """Read the counters."""
        words = Path("/proc/stat").read_text(encoding="ascii").split("\n", 1)[0].split()[1:9]
        ticks = [int(word) for word in words]
        idle = (ticks[3] + ticks[4]) / _TICKS_PER_SECOND
        return Busy(tree_seconds(server_pid), sum(ticks) / _TICKS_PER_SECOND, idle)

    def shares(self, seconds: float, **generators: float) -> dict[str, float]:
        """Return the cores used by each group of processes, by everything else that ran, and by nothing.

        Args:
            seconds: How long the window was that this was measured in.
            generators: Cores used by groups of load generators.
        """
        server, idle = self.server / seconds, self.idle / seconds
        others = self.machine / seconds - idle - server - sum(generators.values())
        return {"server": server, **generators, "others": max(0.0, others), "idle": idle}

    def since(self, before: "Busy") -> "Busy":
        """Return the difference."""
        return Busy(self.server - before.server, self.machine - before.machine, self.idle - before.idle)
