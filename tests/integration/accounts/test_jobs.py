"""Jobs: each at its time, in one service of the fleet, and in another when that one dies."""

import asyncio
from collections.abc import AsyncGenerator, Callable

import pytest
from sqlalchemy import event

from accounts.audit import SYSTEM
from accounts.database import Database
from accounts.jobs.service import LEASE_SECONDS, RETRY_SECONDS, Job, Jobs
from api.errors import NotFound, Unavailable
from tests.patience import until
from tests.unit.clock import Clock

HOUR = 3600

Service = Callable[..., Jobs]


class Work:
    """Counts its runs; each waits until the test lets it go on."""

    def __init__(self) -> None:
        self.runs = 0
        self.may_end = asyncio.Event()
        self.may_end.set()

    async def __call__(self) -> str:
        self.runs += 1
        await self.may_end.wait()
        return f"run {self.runs}"


@pytest.fixture
async def database(database_url: str) -> AsyncGenerator[Database]:
    database = Database(database_url)
    await database.start()
    yield database
    await database.close()


@pytest.fixture
def clock() -> Clock:
    return Clock(1_700_000_000)


@pytest.fixture
async def service(database: Database, clock: Clock) -> AsyncGenerator[Service]:
    made: list[Jobs] = []

    def one_more(*jobs: Job) -> Jobs:
        made.append(Jobs(database, clock))
        made[-1].add(*jobs)
        return made[-1]

    yield one_more
    for each in made:
        await each.close()


async def until_idle(*services: Jobs) -> None:
    await until(lambda: all("running []" in repr(each) for each in services))


async def test_of_two_services_one_does_a_job_that_is_due(service: Service, clock: Clock) -> None:
    work = Work()
    both = [service(Job("things.count", HOUR, work)) for _ in range(2)]
    for turn in (1, 2):
        for each in both:
            await each.register()
        await asyncio.gather(*(each.look() for each in both))
        await until_idle(*both)
        await asyncio.gather(*(each.look() for each in both))
        assert work.runs == turn
        clock.advance(HOUR)
    (row,) = await both[0].list()
    assert (row.name, row.outcome, row.detail, row.runs, row.failures) == ("things.count", "done", "run 2", 2, 0)
    assert row.started_at == 1_700_000_000 + HOUR
    assert row.next_at == row.started_at + HOUR
    assert row.took_ms is not None


async def test_a_job_of_a_service_that_died_is_done_by_another(service: Service, clock: Clock) -> None:
    work = Work()
    work.may_end.clear()
    dies, lives = (service(Job("things.count", HOUR, work)) for _ in range(2))
    await dies.register()
    await dies.look()
    await until(lambda: work.runs == 1)
    await dies.close()
    await lives.look()
    assert work.runs == 1
    clock.advance(LEASE_SECONDS)
    work.may_end.set()
    await lives.look()
    await until_idle(lives)
    assert [row.detail for row in await lives.list()] == ["run 2"]


async def test_jobs_that_are_due_together_are_taken_and_let_go_of_together(
    service: Service, database: Database, clock: Clock
) -> None:
    first, second = Work(), Work()
    here = service(Job("things.count", HOUR, first), Job("things.sort", HOUR, second))
    await here.register()
    commits: list[object] = []
    event.listen(database._engine.sync_engine, "commit", commits.append)
    taking = asyncio.create_task(here.look())
    await until(lambda: taking.done() and second.runs == 1)
    await until_idle(here)
    looks = int(database.version() is None)  # a database server is looked at by a session
    assert (first.runs, second.runs) == (1, 1)
    assert len(commits) - looks < 4  # as many as if each were by itself
    assert [(row.name, row.outcome, row.runs) for row in await here.list()] == [
        ("things.count", "done", 1),
        ("things.sort", "done", 1),
    ]


async def test_a_job_that_fails_says_why_and_is_tried_again_soon(service: Service, clock: Clock) -> None:
    reasons: list[Exception] = [Unavailable("the mail server cannot be reached"), ValueError("no such thing")]

    async def fail() -> str:
        raise reasons.pop(0)

    here = service(Job("mails.send", HOUR, fail))
    await here.register()
    for detail in ("the mail server cannot be reached", "ValueError: no such thing"):
        await here.look()
        await until_idle(here)
        (row,) = await here.list()
        assert (row.outcome, row.detail) == ("failed", detail)
        clock.advance(RETRY_SECONDS)
    assert row.failures == 2


async def test_a_job_may_be_hastened(service: Service) -> None:
    work = Work()
    here = service(Job("things.count", HOUR, work))
    await here.register()
    for turn in (1, 2):
        await here.look()
        await until_idle(here)
        assert work.runs == turn
        await here.hasten("things.count", SYSTEM)
    with pytest.raises(NotFound):
        await here.hasten("things.lose", SYSTEM)


async def test_a_service_looks_by_itself(service: Service) -> None:
    work = Work()
    here = service(Job("things.count", HOUR, work))
    await here.start()
    await until(lambda: work.runs == 1)
