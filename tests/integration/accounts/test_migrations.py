"""Migrations: they make the tables that the models describe, alone, and can be undone."""

import asyncio
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, create_engine, inspect, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import OperationalError

from accounts.database import migrate, sqlite_url
from accounts.database.base import Base
from accounts.database.revisions import is_newest, newest
from tests.integration.accounts.conftest import Start
from tests.integration.accounts.databases import Postgres
from tests.patience import patient

ROOT = Path(__file__).parents[3]


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database without tables."""
    if request.param == "sqlite":
        return sqlite_url(tmp_path)
    server: Postgres = request.getfixturevalue("postgres_server")
    return server.empty_database()


@pytest.fixture
def url(database_url: str) -> URL:
    return make_url(database_url)


@contextmanager
def look(url: URL) -> Generator[Connection]:
    engine = create_engine(url.set(drivername=url.drivername.removesuffix("+aiosqlite")))
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def tables(url: URL) -> set[str]:
    with look(url) as connection:
        return set(inspect(connection).get_table_names()) - {"alembic_version"}


def test_the_tables_are_those_of_the_models(url: URL) -> None:
    migrate.upgrade(url)
    with look(url) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
    assert tables(url) == set(Base.metadata.tables)


def test_they_can_be_undone_and_done_again(url: URL) -> None:
    for _ in range(2):
        migrate.upgrade(url)
        assert tables(url) == set(Base.metadata.tables)
        migrate.downgrade(url)
        assert tables(url) == set()


def test_what_is_up_to_date_stays_as_it_is(url: URL) -> None:
    migrate.upgrade(url)
    migrate.upgrade(url)
    assert tables(url) == set(Base.metadata.tables)


def test_only_the_newest_schema_needs_no_look_at_the_migrations(url: URL) -> None:
    assert not is_newest(url)
    migrate.upgrade(url, "0002")
    assert not is_newest(url)
    migrate.upgrade(url)
    assert is_newest(url)
    with look(url) as connection:
        head = connection.scalar(text("SELECT version_num FROM alembic_version"))
        assert {head} == newest() == {migrate.current(url.render_as_string(hide_password=False))[1]}


async def test_processes_that_start_together_do_it_once(url: URL) -> None:
    program = "import sys; from sqlalchemy import make_url; from accounts.database.migrate import upgrade; "
    program += "upgrade(make_url(sys.argv[1]))"
    text = url.render_as_string(hide_password=False)
    started = [await asyncio.create_subprocess_exec(sys.executable, "-c", program, text, cwd=ROOT) for _ in range(4)]
    async with asyncio.timeout(patient(60)):
        assert [await process.wait() for process in started] == [0] * 4
    assert tables(url) == set(Base.metadata.tables)


async def test_services_that_start_together_share_one_local_account(start: Start) -> None:
    both = await asyncio.gather(start(local=True), start(local=True))
    for here in both:
        assert await here.directory.account("local") is not None
    assert dict(both[0].directory.keys()) == dict(both[1].directory.keys())


def test_the_schema_of_a_newer_version_is_left_as_it_is(url: URL, caplog: pytest.LogCaptureFixture) -> None:
    migrate.upgrade(url)
    with look(url) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        connection.commit()
    with caplog.at_level("WARNING"):
        migrate.upgrade(url)
    assert "newer version, 9999" in caplog.text
    with look(url) as connection:
        assert connection.scalar(text("SELECT version_num FROM alembic_version")) == "9999"
    assert tables(url) == set(Base.metadata.tables)


def test_a_migration_that_does_not_get_its_lock_gives_up_before_others_wait_long(postgres_server: Postgres) -> None:
    url = make_url(postgres_server.empty_database())
    migrate.upgrade(url, "0002")
    with look(url) as reader:
        reader.execute(text("SELECT * FROM cache"))  # a transaction that stays open, as of a long report
        began = time.monotonic()
        with pytest.raises(OperationalError, match="lock timeout"):
            migrate.upgrade(url, "0003")
        assert time.monotonic() - began < 30  # far more than its lock timeout
    migrate.upgrade(url)
    assert tables(url) == set(Base.metadata.tables)


def test_what_a_migration_has_locked_is_free_before_the_next_begins(postgres_server: Postgres) -> None:
    """So one that fails leaves those before it done."""
    url = make_url(postgres_server.empty_database())
    migrate.upgrade(url, "0001")
    with look(url) as reader:
        reader.execute(text("SELECT * FROM cache"))
        with pytest.raises(OperationalError, match="lock timeout"):
            migrate.upgrade(url)
    with look(url) as connection:
        assert connection.scalar(text("SELECT version_num FROM alembic_version")) == "0002"
