"""Has Python go before Envoy's threads while there is more to publish than can be served, and only then.

Envoy refuses as fast as it reads, in the time in which Python would have served; where Python goes first, what is too
much waits unread. Deliveries to many want it the other way round, hence not always:
`docs/decisions/0051-envoy-gives-way-while-it-refuses.md`.
"""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from cli.proc import stat_fields

LOOK_SECONDS = 0.25
CALM_SECONDS = 1.0
"""Where Envoy had little to do when it was looked at last."""
HOLD_SECONDS = 2.0
"""It goes on for so long after the last refusal: while Python goes first, Envoy refuses less, or not at all."""
NICE = 10

_BUSY_CORES = 0.2
"""Threads that take less together have nothing to refuse for want of time, and Envoy is not asked. That takes 2.5 ms,
in which the thread of Python's that serves waits where there are few cores."""
_WORKERS = "wrk:worker_"
_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


class Refusing:
    """Whether there were refusals of late, as told by a count that only grows."""

    def __init__(self) -> None:
        self._count = 0
        self._until = float("-inf")

    def known(self, count: int) -> None:
        """Take so many as refused long ago."""
        self._count = count

    def told(self, count: int, now: float) -> bool:
        """Return whether it refuses, now that it has refused so many in all."""
        if count > self._count:
            self._until = now + HOLD_SECONDS
        self._count = count
        return now < self._until


class Precedence:
    """Looks after the threads of one Envoy."""

    def __init__(self, pid: int, refused: Callable[[], Awaitable[int]]) -> None:
        """Take Envoy's process, and what returns how many publishes it has refused.

        `refused` raises ConnectionError where Envoy does not answer.
        """
        self._pid = pid
        self._refused = refused
        self._refusing = Refusing()
        self._gives_way = False

    async def run(self) -> None:
        """Look again and again, until the process is gone."""
        with suppress(FileNotFoundError, ProcessLookupError):
            threads = list(_workers(self._pid))
            used, looked = _cpu_seconds(threads), time.monotonic()
            is_busy = False
            while True:
                await asyncio.sleep(LOOK_SECONDS if is_busy else CALM_SECONDS)
                before, since = used, looked
                used, looked = _cpu_seconds(threads), time.monotonic()
                was_busy = is_busy
                is_busy = self._gives_way or used - before > _BUSY_CORES * (looked - since)
                if is_busy:
                    await self._look(is_first=not was_busy)

    async def _look(self, *, is_first: bool) -> None:
        with suppress(ConnectionError):
            if is_first:  # what was refused while nobody looked is not refused now
                self._refusing.known(await self._refused())
                return
            refusing = self._refusing.told(await self._refused(), time.monotonic())
            if refusing != self._gives_way:
                give_way(self._pid, NICE if refusing else 0)
                self._gives_way = refusing


def give_way(pid: int, nice: int) -> None:
    """Have Envoy's threads for connections stand behind its others by so much, where all want the processor."""
    usual = os.getpriority(os.PRIO_PROCESS, pid)
    for thread in _workers(pid):
        with suppress(OSError):  # it has ended
            os.setpriority(os.PRIO_PROCESS, int(thread.name), usual + nice)  # of more than 19 the kernel makes 19


def may_be_taken_back() -> bool:
    """Return whether the kernel lets us raise a priority that we have lowered: it takes CAP_SYS_NICE, or RLIMIT_NICE.

    It is tried on a thread that is made for it: there may be a capability that does not count outside of a container.
    """
    with ThreadPoolExecutor(1) as trial:
        return trial.submit(_lower_and_raise).result()


def _lower_and_raise() -> bool:
    usual = os.getpriority(os.PRIO_PROCESS, 0)
    os.setpriority(os.PRIO_PROCESS, 0, usual + 1)
    try:
        os.setpriority(os.PRIO_PROCESS, 0, usual)
    except OSError:
        return False
    return True


def _workers(pid: int) -> Iterator[Path]:
    """Return the folders of Envoy's threads for connections, named by their ids."""
    for thread in Path(f"/proc/{pid}/task").iterdir():
        with suppress(OSError):  # it has ended
            if (thread / "comm").read_text().startswith(_WORKERS):
                yield thread


def _cpu_seconds(threads: Iterable[Path]) -> float:
    return sum(int(ticks) for thread in threads for ticks in stat_fields(thread)[11:13]) / _TICKS_PER_SECOND
