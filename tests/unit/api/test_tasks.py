"""Work that is done again and again is stopped between two times, and cancelled only where that takes too long."""

import asyncio

from api.tasks import Repeated


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
    async with asyncio.timeout(10):
        while times < 3:
            await asyncio.sleep(0)
        repeated.wake()
        while times < 4:
            await asyncio.sleep(0)
    await repeated.close()
    await Repeated(work).close()
