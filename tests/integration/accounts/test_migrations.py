"""Migrations: they make the tables that the models describe, alone, and can be undone."""

import asyncio
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, create_engine, inspect
from sqlalchemy.engine import URL, make_url

from accounts.database import migrate
from accounts.database.base import Base
from tests.integration.accounts.conftest import Start

ROOT = Path(__file__).parents[3]


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


async def test_processes_that_start_together_do_it_once(url: URL) -> None:
    program = "import sys; from sqlalchemy import make_url; from accounts.database.migrate import upgrade; "
    program += "upgrade(make_url(sys.argv[1]))"
    text = url.render_as_string(hide_password=False)
    started = [await asyncio.create_subprocess_exec(sys.executable, "-c", program, text, cwd=ROOT) for _ in range(4)]
    async with asyncio.timeout(60):
        assert [await process.wait() for process in started] == [0] * 4
    assert tables(url) == set(Base.metadata.tables)


async def test_services_that_start_together_share_one_local_account(start: Start) -> None:
    both = await asyncio.gather(start(local=True), start(local=True))
    for here in both:
        assert await here.directory.account("local") is not None
    assert dict(both[0].directory.keys()) == dict(both[1].directory.keys())
