"""The watchdog of a hosted application whose event loop may hang."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Generator
from contextlib import suppress

import pytest

from cli.supervisor.watchdog import Watchdog, is_stopped
from tests.e2e.service import until
from tests.patience import patient


class Application:
    """A process, and how often its loop has turned: no more while it hangs."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.hangs = False
        self.looked_at = 0
        self.readiness: list[bool] = []
        self._turns = 0

    def turns(self) -> int:
        self.looked_at += 1
        self._turns += not self.hangs
        return self._turns

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


async def looked_at(application: Application, times: int) -> None:
    """Wait until it was looked at so many more times."""
    goal = application.looked_at + times
    async with asyncio.timeout(patient(5)):
        while application.looked_at < goal:
            await asyncio.sleep(0.001)


async def test_an_application_whose_loop_never_turns_is_hung(watchdog: Watchdog) -> None:
    application = Application(os.getpid())
    application.hangs = True
    async with asyncio.timeout(patient(5)):
        await watchdog.until_hung(application)
    assert application.looked_at == 10
    assert application.readiness == [False]


async def test_one_that_turned_and_stands_still_is_hung_after_as_many_looks(watchdog: Watchdog) -> None:
    application = Application(os.getpid())
    watching = asyncio.create_task(watchdog.until_hung(application))
    await looked_at(application, 5)
    application.hangs = True
    turned = application.looked_at
    async with asyncio.timeout(patient(5)):
        await watching
    assert application.looked_at == turned + 10


async def test_one_that_turns_again_in_time_is_not_hung(watchdog: Watchdog) -> None:
    application = Application(os.getpid())
    application.hangs = True
    watching = asyncio.create_task(watchdog.until_hung(application))
    await looked_at(application, 4)
    application.hangs = False
    await looked_at(application, 20)
    assert not watching.done()
    assert application.readiness == [False, True]
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
    await looked_at(application, 20)
    assert (watching.done(), application.readiness) == (False, [])
    process.send_signal(signal.SIGCONT)
    async with asyncio.timeout(patient(5)):
        await watching
