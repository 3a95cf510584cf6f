"""What processes hold while they run: memory, open files and tasks, looked at again and again."""

import asyncio
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import httpx
import psutil

from tests.e2e.fleet.process import Member
from tests.patience import patient

LOOK_SECONDS = 1.0
WARM_PART = 1 / 3
"""After this part of a run memory is compared: caches are full by then."""

_TASKS = re.compile(r"^tidings_tasks (\S+)$", re.MULTILINE)


@dataclass(frozen=True)
class Look:
    """One process at one moment."""

    at: float
    memory_bytes: int
    files: int
    tasks: float


class Vitals:
    """Looks at members that stay the same processes throughout."""

    def __init__(self, members: Sequence[Member]) -> None:
        self._members = members
        self.looks: dict[str, list[Look]] = {member.name: [] for member in members}

    def __repr__(self) -> str:
        told = (f"{name} {self.growth(name):+.1%} of {self.memory(name):.0f} MiB" for name in self.looks)
        return f"<Vitals {', '.join(told)}>"

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            for member in self._members:
                page = await asyncio.to_thread(httpx.get, member.metrics_url, timeout=patient(20))
                self.looks[member.name].append(await asyncio.to_thread(_look, member, page.text))
            await asyncio.sleep(LOOK_SECONDS)

    def memory(self, name: str) -> float:
        """Return how many MiB a member had at the end."""
        return self._ends(name)[1] / 2**20

    def growth(self, name: str) -> float:
        """Return by which part of itself a member's memory grew after it was warm."""
        first, last = self._ends(name)
        return (last - first) / first

    def _ends(self, name: str) -> tuple[float, float]:
        looks = self.looks[name]
        warm = [each.memory_bytes for each in looks[int(len(looks) * WARM_PART) :]]
        few = max(1, len(warm) // 5)
        return median(warm[:few]), median(warm[-few:])


def _look(member: Member, page: str) -> Look:
    found = _TASKS.search(page)
    assert found, f"{member.name} tells no number of tasks"
    processes = [psutil.Process(pid) for pid in member.pids]
    memory = sum(process.memory_info().rss for process in processes)
    return Look(time.monotonic(), memory, sum(process.num_fds() for process in processes), float(found[1]))
