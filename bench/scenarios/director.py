"""Runs publishers and readers against one system through one window, and adds up what they and the machine did."""

import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Final

from bench.cpu import Busy
from bench.load.messages import Delivered, Expect, Published, Ready
from bench.load.publisher import PublisherSpec, publish
from bench.load.reader import ReaderSpec, read
from bench.load.window import Measured, Window
from bench.load.worker import Worker
from bench.measurement import Limit, limit
from bench.scenarios.interface import Plan

_SET_UP_SECONDS: Final = 90.0
_END_SECONDS: Final = 60.0


@dataclass(frozen=True)
class Outcome:
    """One window, as all processes saw it."""

    published: Published
    delivered: Sequence[Delivered]
    busy: Busy
    seconds: float

    @property
    def cores(self) -> dict[str, float]:
        """Cores used by each group of processes."""
        readers = sum(each.measured.core_share for each in self.delivered)
        return self.busy.shares(self.seconds, publisher=self.published.measured.core_share, readers=readers)

    @property
    def limit(self) -> Limit:
        """What kept the rate from being higher."""
        generators: list[Measured] = [self.published.measured, *(each.measured for each in self.delivered)]
        return limit(generators, 1 - self.busy.idle / self.busy.machine, self.cores["others"])


def direct(
    pid: int, publisher: PublisherSpec, readers: Sequence[ReaderSpec], plan: Plan, *, alike: bool = True
) -> Outcome:
    """Run the load on the system with this process id; unless `alike`, subscribers are owed different messages.

    Raises:
        WorkerFailed: a generator could not do its part.
    """
    with ExitStack() as stack:
        reading = [stack.enter_context(Worker(read, spec)) for spec in readers]
        for worker in reading:
            worker.pipe.receive(Ready, _SET_UP_SECONDS)
        publishing = stack.enter_context(Worker(publish, publisher))
        publishing.pipe.receive(Ready, _SET_UP_SECONDS)
        window = Window.soon(plan.warm_up, plan.seconds)
        for pipe in (*(worker.pipe for worker in reading), publishing.pipe):
            pipe.send(window)
        with plan.watched():
            busy = busy_within(window, pid)
        published = publishing.pipe.receive(Published, _END_SECONDS)
        for worker in reading:
            worker.pipe.send(Expect(published.acknowledged if alike else None))
        delivered = [worker.pipe.receive(Delivered, _END_SECONDS) for worker in reading]
    return Outcome(published, delivered, busy, plan.seconds)


def busy_within(window: Window, pid: int) -> Busy:
    """Wait for the window to pass; return what the system and the machine did within it."""
    time.sleep(max(0.0, window.begin - time.monotonic()))
    before = Busy.now(pid)
    time.sleep(max(0.0, window.end - time.monotonic()))
    return Busy.now(pid).since(before)
