"""The watchdog of a hosted application whose event loop may hang."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Generator
from contextlib import suppress

import pytest

from cli.watchdog import Watchdog, is_stopped
from tests.e2e.service import until


class Application:
    """A process, and what it says of itself: nothing while it hangs."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.hangs = False
        self.takes_seconds = 0.0
        self.asked = 0
        self.readiness: list[bool] = []

    async def state(self, timeout: float = 1.0) -> str | None:
        self.asked += 1
        await asyncio.sleep(min(self.takes_seconds, timeout))
        if self.takes_seconds >= timeout:
            return None
        return None if self.hangs else "serving"

    async def answer_readiness(self, *, ready: bool) -> None:
        self.readiness.append(ready)


@pytest.fixture
def process() -> Generator[subprocess.Popen[bytes]]:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as running:
        yield running
        running.kill()


@pytest.fixture
def watchdog() -> Watchdog:
    return Watchdog(deadline=0.02, hung=0.1, look=0.01)


async def asked(application: Application, times: int) -> None:
    """Wait until it was asked so many more times."""
    goal = application.asked + times
    async with asyncio.timeout(5):
        while application.asked < goal:
            await asyncio.sleep(0.005)


async def test_an_application_that_answers_nothing_is_hung(watchdog: Watchdog) -> None:
    application = Application(os.getpid())
    application.hangs = True
    async with asyncio.timeout(5):
        await watchdog.until_hung(application)
    assert application.asked == 5
    assert application.readiness == [False]


async def test_one_that_answers_again_in_time_is_not_hung(watchdog: Watchdog) -> None:
    application = Application(os.getpid())
    application.hangs = True
    watching = asyncio.create_task(watchdog.until_hung(application))
    await asked(application, 2)
    application.hangs = False
    await asked(application, 20)
    assert not watching.done()
    assert application.readiness == [False, True]
    watching.cancel()
    with suppress(asyncio.CancelledError):
        await watching


async def test_one_that_answers_late_again_and_again_is_not_hung(watchdog: Watchdog) -> None:
    application = Application(os.getpid())
    application.takes_seconds = 0.05
    watching = asyncio.create_task(watchdog.until_hung(application))
    await asked(application, 4)
    assert not watching.done()
    assert application.readiness[:3] == [False, True, False]
    watching.cancel()
    with suppress(asyncio.CancelledError):
        await watching


async def test_one_that_was_stopped_by_a_signal_is_not_hung(
    watchdog: Watchdog, process: subprocess.Popen[bytes]
) -> None:
    process.send_signal(signal.SIGSTOP)
    until(lambda: is_stopped(process.pid), what="the stop")
    application = Application(process.pid)
    application.hangs = True
    watching = asyncio.create_task(watchdog.until_hung(application))
    await asked(application, 20)
    assert (watching.done(), application.readiness) == (False, [])
    process.send_signal(signal.SIGCONT)
    async with asyncio.timeout(5):
        await watching
