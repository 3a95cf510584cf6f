"""A caller that is cancelled at any moment leaves no connection behind, and nothing half done."""

import asyncio
import gc

from sqlalchemy import text

from accounts.database import Database
from api.tasks import end
from tests.patience import patient

MOST_STEPS = 400
COUNT = text("SELECT count(*) FROM one_number")
ADD = text("INSERT INTO one_number (number) VALUES (1)")


async def steps(number: int) -> None:
    for _ in range(number):
        await asyncio.sleep(0)


async def cancelled_after(database: Database, number: int) -> bool:
    """Cancel a transaction after a number of steps of the event loop, twice; return whether it had ended by then."""

    async def work() -> None:
        async with database.transaction() as session:
            await session.execute(ADD)
            await session.execute(COUNT)

    task = asyncio.create_task(work())
    await steps(number)
    had_ended = task.done()
    task.cancel()
    await steps(2)
    await end(task)
    return had_ended


async def test_one_is_cancelled_at_each_step(database_url: str) -> None:
    database = Database(database_url)
    async with database.transaction() as session:
        await session.execute(text("CREATE TABLE one_number (number INTEGER)"))
    tasks = asyncio.all_tasks()
    for number in range(0, MOST_STEPS, 7):
        if await cancelled_after(database, number):
            break
        async with asyncio.timeout(patient(10)), database.transaction() as session:
            assert (await session.execute(COUNT)).scalar_one() in {0, 1}
            await session.execute(text("DELETE FROM one_number"))
    await database.close()
    gc.collect()  # what is not closed would warn, and fail this test
    assert asyncio.all_tasks() == tasks
    assert database.connections_in_use == 0
