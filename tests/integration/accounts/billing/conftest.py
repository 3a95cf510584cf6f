"""One account service for all tests of a file, on each database; every test has accounts of its own in it."""

from collections.abc import AsyncGenerator
from contextlib import AbstractContextManager, nullcontext

import pytest
import pytest_asyncio

from accounts.billing.settings import BillingSettings
from accounts.component import Accounts, AccountsSettings
from accounts.fleet import Fleet
from backplane.memory import MemoryDirectory
from tests.integration.accounts.databases import Postgres, SQLite
from tests.integration.accounts.installation import Installation


@pytest_asyncio.fixture(params=["sqlite", "postgres"], scope="module", loop_scope="module")
async def here(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, sqlite: SQLite
) -> AsyncGenerator[Installation]:
    folder = tmp_path_factory.mktemp("billing")
    database: AbstractContextManager[str] = nullcontext(sqlite.new_database(folder))
    if request.param == "postgres":
        server: Postgres = request.getfixturevalue("postgres_server")
        database = server.database()
    with database as url:
        directory = MemoryDirectory()
        billing = BillingSettings(private_webhooks=True)
        settings = AccountsSettings(data_dir=folder, endpoint="tidings.test", database_url=url, billing=billing)
        fleet = Fleet()
        accounts = Accounts(settings, directory, fleet=fleet)
        await accounts.start()
        yield Installation(accounts, directory, fleet)
        await accounts.close()
