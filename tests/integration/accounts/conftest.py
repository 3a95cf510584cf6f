from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from pathlib import Path
from typing import Any

import pytest

from accounts.component import Accounts, AccountsSettings
from accounts.fleet import Fleet
from accounts.jobs import repository as jobs
from backplane.memory import MemoryDirectory, MemoryRegistry
from backplane.memory_quotas import MemoryQuotas
from tests.integration.accounts import compiled_once
from tests.integration.accounts.databases import Postgres, SQLite, postgres
from tests.integration.accounts.installation import CHEAP, Installation
from tests.unit.clock import Clock

compiled_once.install()

ENDPOINT = "tidings.test"

LATER = 2**31
"""An epoch second at which no test runs any more."""

Start = Callable[..., Awaitable[Installation]]
"""Starts an account service; settings as keywords. Those of one test share a folder and a database.

Its jobs, which find nothing to do in a new database, wait for `hasten` unless they are `due`: they take as
long as a test.
"""


@pytest.fixture(scope="session")
def postgres_server() -> Generator[Postgres]:
    with postgres() as server:
        yield server


@pytest.fixture(scope="session")
def sqlite(tmp_path_factory: pytest.TempPathFactory) -> SQLite:
    return SQLite(tmp_path_factory.mktemp("sqlite"))


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path, sqlite: SQLite) -> Generator[str]:
    if request.param == "sqlite":
        yield sqlite.new_database(tmp_path)
        return
    server: Postgres = request.getfixturevalue("postgres_server")
    with server.database() as url:
        yield url


@pytest.fixture
def quota_clock() -> Clock:
    """By which what routers told of the use of limits fades."""
    return Clock()


@pytest.fixture
async def start(database_url: str, tmp_path: Path, quota_clock: Clock) -> AsyncGenerator[Start]:
    started: list[Accounts] = []

    async def one_more(*, due: bool = False, **settings: Any) -> Installation:
        directory = MemoryDirectory()
        fleet = Fleet(registry=MemoryRegistry(lease_seconds=3600.0), quotas=MemoryQuotas(quota_clock))
        known: dict[str, Any] = {"data_dir": tmp_path, "endpoint": ENDPOINT, "hasher": CHEAP}
        known["database_url"] = database_url
        accounts = Accounts(AccountsSettings(**(known | settings)), directory, fleet=fleet)
        started.append(accounts)
        if not due:
            await accounts.database.start()
            async with accounts.database.transaction() as session:
                await jobs.add_once(session, accounts.jobs.names, LATER)
        await accounts.start()
        return Installation(accounts, directory, fleet=fleet)

    yield one_more
    for accounts in started:
        await accounts.close()


@pytest.fixture
async def here(start: Start) -> Installation:
    """The account service, with nobody in it yet."""
    return await start()
