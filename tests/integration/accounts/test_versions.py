"""Whoever looks at the database again and again has nothing to look for while nothing was committed."""

import asyncio
import sqlite3
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from sqlalchemy import event

from accounts.database import Database, Remembered, RememberedRows, sqlite_url
from accounts.database.sqlite import Commits
from accounts.jobs import repository
from accounts.jobs.service import Job, Jobs
from tests.unit.clock import Clock

HOUR = 3600


async def write(database: Database, name: str) -> None:
    async with database.transaction() as session:
        await repository.add_once(session, [name], 0)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncGenerator[Database]:
    database = Database(sqlite_url(tmp_path))
    await database.start()
    await write(database, "things.begin")  # what opens the file first changes it
    yield database
    await database.close()


async def test_a_commit_by_whomever_makes_another_version(database: Database, tmp_path: Path) -> None:
    other = Database(sqlite_url(tmp_path))
    for name, writer in (("things.count", database), ("things.sort", other)):
        before = database.version()
        assert before is not None
        async with database.reading() as session:
            await repository.everything(session)
        assert database.version() == before
        await write(writer, name)
        assert database.version() not in {before, None}
    await other.close()


async def test_what_is_being_written_makes_no_other_version_before_it_is_committed(database: Database) -> None:
    before = database.version()
    async with database.transaction() as session:
        await repository.add_once(session, ["things.count"], 0)
        assert database.version() == before
    assert database.version() != before


def test_a_connection_that_was_opened_anew_tells_nothing_that_was_told_before(tmp_path: Path) -> None:
    sqlite3.connect(tmp_path / "tidings.db").close()
    commits = Commits(str(tmp_path / "tidings.db"))
    before = commits.version()
    commits.close()
    assert commits.version() not in {before, None}
    commits.close()


def test_a_file_that_cannot_be_opened_has_no_version(tmp_path: Path) -> None:
    assert Database(sqlite_url(tmp_path / "missing")).version() is None
    assert list(tmp_path.iterdir()) == []


def test_a_server_tells_no_version() -> None:
    assert Database("postgresql+psycopg://localhost/none").version() is None


async def test_what_somebody_else_has_committed_is_seen_without_a_session(database: Database, tmp_path: Path) -> None:
    other, asked = Database(sqlite_url(tmp_path)), list[str]()
    event.listen(database._engine.sync_engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    due, rows = Remembered(database, repository.DUE), RememberedRows(database, repository.DUE.statement)
    assert await due.get() == {"things.begin": (0, 0)}
    before = rows.get()
    async with other.transaction() as session:
        await repository.hasten(session, "things.begin", 0)
    assert rows.get() == before is not None
    await write(other, "things.count")
    assert await due.get() == {"things.begin": (0, 0), "things.count": (0, 0)}
    assert asked == []
    await other.close()


async def test_a_file_that_cannot_be_read_beside_is_asked_by_a_session(database: Database) -> None:
    due, rows = Remembered(database, repository.DUE), RememberedRows(database, repository.DUE.statement)
    assert database._commits is not None
    database._commits._path = "/nowhere/tidings.db"
    database._commits.close()
    assert rows.get() is None
    assert await due.get() == {"things.begin": (0, 0)}


async def test_jobs_are_looked_up_when_something_was_committed_and_else_done_at_their_time(database: Database) -> None:
    runs: list[float] = []
    asked: list[str] = []
    clock = Clock(1_700_000_000)

    async def work() -> str:
        runs.append(clock())
        return "done"

    jobs = Jobs(database, clock)
    jobs.add(Job("things.count", HOUR, work))
    await jobs.register()
    await jobs.look()
    await asyncio.gather(*jobs._running.values())
    await jobs.look()
    engine = database._engine.sync_engine
    event.listen(engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    await jobs.look()
    assert asked == []
    clock.advance(HOUR + 1)
    await jobs.look()
    await asyncio.gather(*jobs._running.values())
    assert len(runs) == 2
