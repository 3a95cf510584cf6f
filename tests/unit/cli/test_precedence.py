"""While Envoy refuses publishes, its threads give way to Python's; before and afterwards they do not."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from cli.edge.precedence import CALM_SECONDS, HOLD_SECONDS, LOOK_SECONDS, NICE, Precedence, Refusing, may_be_taken_back
from tests.e2e.edge.threads import lowered
from tests.patience import patient, until

TWO_THREADS = """
import ctypes, sys, threading

def spin():
    while True:
        pass

def work(run):
    ctypes.CDLL(None).prctl(15, b"wrk:worker_0")
    print("up", flush=True)
    run()

wait = threading.Event().wait
busy, idle = (spin, wait) if sys.argv[1] == "worker" else (wait, spin)
threading.Thread(target=work, args=(busy,), daemon=True).start()
idle()
"""
"""One of them takes a core; one is named as Envoy's for connections are."""


@pytest.fixture
def busy() -> str:
    return "worker"


@pytest.fixture
def envoy(busy: str) -> Iterator[int]:
    with subprocess.Popen([sys.executable, "-c", TWO_THREADS, busy], stdout=subprocess.PIPE, text=True) as started:
        assert started.stdout
        started.stdout.readline()
        yield started.pid
        started.kill()


def test_it_refuses_from_the_first_refusal_until_some_time_after_the_last() -> None:
    refusing = Refusing()
    assert not refusing.told(0, 100.0)
    assert refusing.told(7, 101.0)
    assert refusing.told(8, 102.0)
    assert refusing.told(8, 102.0 + HOLD_SECONDS - 0.1)
    assert not refusing.told(8, 102.0 + HOLD_SECONDS)
    assert refusing.told(9, 200.0)


class Refusals:
    """How much Envoy has refused, a bit more with each look while it does refuse."""

    def __init__(self) -> None:
        self.count = 0
        self.go_on = False
        self.asked = 0

    async def __call__(self) -> int:
        self.asked += 1
        self.count += self.go_on
        return self.count


@pytest.mark.skipif(not may_be_taken_back(), reason="the kernel lets nobody here raise a priority again")
async def test_threads_for_connections_give_way_while_publishes_are_refused(envoy: int) -> None:
    refusals = Refusals()
    looking = asyncio.create_task(Precedence(envoy, refusals).run())
    try:
        assert lowered(envoy) == {True: {0}, False: {0}}
        refusals.go_on = True
        await until(lambda: lowered(envoy) == {True: {NICE}, False: {0}})
        refusals.go_on = False
        await until(lambda: lowered(envoy) == {True: {0}, False: {0}})
    finally:
        looking.cancel()


@pytest.mark.parametrize("busy", ["worker", "python"])
async def test_envoy_is_asked_only_where_its_threads_for_connections_are_busy(envoy: int, busy: str) -> None:
    refusals = Refusals()
    looking = asyncio.create_task(Precedence(envoy, refusals).run())
    try:
        if busy == "worker":
            await until(lambda: refusals.asked > 0)
        else:
            await asyncio.sleep(CALM_SECONDS + 2 * LOOK_SECONDS)
            assert not refusals.asked
    finally:
        looking.cancel()


async def test_it_ends_with_the_process(envoy: int) -> None:
    looking = asyncio.create_task(Precedence(envoy, Refusals()).run())
    await asyncio.sleep(0)
    os.kill(envoy, signal.SIGKILL)
    await asyncio.to_thread(os.waitpid, envoy, 0)
    async with asyncio.timeout(patient(10)):
        await looking
