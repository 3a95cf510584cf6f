"""Work that must not stop half-way is finished, or stopped between two times; it is cancelled where that takes long."""

import asyncio

import pytest

from api.tasks import Repeated, finished
from tests.patience import patient


async def test_work_that_is_under_way_is_finished() -> None:
    began, done = asyncio.Event(), list[int]()

    async def work() -> float:
        began.set()
        await asyncio.sleep(0.05)
        done.append(1)
        return 60

    repeated = Repeated(work)
    repeated.start()
    await began.wait()
    await repeated.close()
    assert done == [1]


async def test_work_that_takes_too_long_is_cancelled() -> None:
    began, cancelled = asyncio.Event(), list[int]()

    async def work() -> float:
        began.set()
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            cancelled.append(1)
            raise
        return 0

    repeated = Repeated(work, patience_seconds=0.01)
    repeated.start()
    await began.wait()
    await repeated.close()
    assert cancelled == [1]


async def test_it_goes_on_when_it_is_woken_or_its_time_has_come() -> None:
    times = 0

    async def work() -> float:
        nonlocal times
        times += 1
        return 0 if times < 3 else 60

    repeated = Repeated(work)
    repeated.start()
    async with asyncio.timeout(patient(10)):
        while times < 3:
            await asyncio.sleep(0)
        repeated.wake()
        while times < 4:
            await asyncio.sleep(0)
    await repeated.close()
    await Repeated(work).close()


async def test_a_caller_that_is_cancelled_again_and_again_hears_of_it_when_the_work_has_ended() -> None:
    may_end, ended = asyncio.Event(), list[int]()

    async def work() -> None:
        await may_end.wait()
        ended.append(1)

    caller = asyncio.create_task(finished(work()))
    for _ in range(3):
        await asyncio.sleep(0)
        caller.cancel()
    await asyncio.sleep(0)
    assert not caller.done()
    may_end.set()
    with pytest.raises(asyncio.CancelledError):
        await caller
    assert ended == [1]


async def test_what_work_returns_or_raises_is_the_callers() -> None:
    async def work(value: int) -> float:
        return 1 / value

    assert await finished(work(2)) == 0.5
    with pytest.raises(ZeroDivisionError):
        await finished(work(0))
