"""Time that a test turns: a clock for what takes one, and an event loop whose timers cost no time."""

import asyncio
import selectors
from collections.abc import Callable, Mapping

import pytest


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self, seconds: float = 1000.0) -> None:
        self.seconds = seconds

    def __call__(self) -> float:
        return self.seconds

    def advance(self, seconds: float) -> None:
        self.seconds += seconds


class LeapingLoop(asyncio.SelectorEventLoop):
    """An event loop that leaps to its next timer as soon as nothing else is left to do.

    `await asyncio.sleep(5)` lets five seconds pass for everything on the loop, exactly and at once.
    """

    def __init__(self) -> None:
        self._clock = Clock()
        super().__init__(_LeapingSelector(self._clock))

    def time(self) -> float:
        return self._clock()


def leaping(config: pytest.Config, item: pytest.Item) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Have the tests of a folder run on such a loop: its conftest has this as `pytest_asyncio_loop_factories`."""
    return {"loop": LeapingLoop}


class _LeapingSelector(selectors.DefaultSelector):
    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None or timeout <= 0:
            return super().select(timeout)
        ready = super().select(0)
        if not ready:
            self._clock.advance(timeout)
        return ready
