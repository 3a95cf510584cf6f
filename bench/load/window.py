"""The span of time that is measured, and the counters read at its two ends.

All processes share the machine's monotonic clock, so one window is the same span in each of them.
"""

import resource
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Window:
    """When to measure, in seconds of the monotonic clock."""

    begin: float
    end: float

    @staticmethod
    def soon(warm_up: float, seconds: float) -> "Window":
        """Return a window of `seconds` that begins after `warm_up` seconds."""
        begin = time.monotonic() + warm_up
        return Window(begin, begin + seconds)


@dataclass(frozen=True)
class Sample:
    """A counter and this process's CPU time at one moment."""

    at: float
    count: int
    cpu_seconds: float


@dataclass(frozen=True)
class Measured:
    """What one process did between the two ends of a window."""

    seconds: float
    count: int
    cpu_seconds: float

    @property
    def rate(self) -> float:
        """Counted things per second."""
        return self.count / self.seconds

    @property
    def core_share(self) -> float:
        """How much of one core the process used."""
        return self.cpu_seconds / self.seconds


class Meter:
    """Samples a counter at the two ends of a window.

    Args:
        window: What is measured.
        count: Reads the counter; called twice in all.
    """

    def __init__(self, window: Window, count: Callable[[], int]) -> None:
        self._window = window
        self._count = count
        self._samples: list[Sample] = []

    @property
    def next_at(self) -> float:
        """When the next sample is due; infinity after the second."""
        return (self._window.begin, self._window.end, float("inf"))[len(self._samples)]

    def tick(self, now: float) -> None:
        """Sample if it is time. To be called after each wait, with the monotonic clock."""
        if now >= self.next_at:
            self._samples.append(Sample(now, self._count(), cpu_seconds()))

    @property
    def measured(self) -> Measured:
        """The difference of the two samples.

        Raises:
            RuntimeError: the process did not live to the end of the window.
        """
        if len(self._samples) != 2:
            raise RuntimeError("the window has not ended")
        first, last = self._samples
        return Measured(last.at - first.at, last.count - first.count, last.cpu_seconds - first.cpu_seconds)


def cpu_seconds() -> float:
    """Return the CPU time of this process, user and system."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime
