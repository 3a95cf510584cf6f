"""Databases that releases have left, with what people did there: this version goes on with them, and with the release.

Each file of `releases/` holds all rows of a database that this release has made, what a test has to know of them, and
the digests of its migrations. `releases/make.py` makes the next one.
"""

import base64
import hashlib
import json
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Column, Connection, MetaData, inspect, select, text
from sqlalchemy.engine import URL, make_url

from accounts.database import migrate
from accounts.encryption import MasterKeySource
from tests.integration.accounts import test_migrations
from tests.integration.accounts.conftest import Start
from tests.integration.accounts.installation import Installation
from tests.integration.accounts.test_migrations import ROOT, look

RELEASES = sorted((Path(__file__).parent / "releases").glob("*.json"))
KINDS = {"bytes": base64.b64decode, "time": datetime.fromisoformat, "decimal": Decimal}


database_url = test_migrations.database_url


class Release:
    """What a release has left."""

    def __init__(self, path: Path) -> None:
        self.said: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        self.revision: str = self.said["revision"]
        self.known: dict[str, Any] = self.said["known"]

    def rows(self, table: str) -> list[dict[str, Any]]:
        return [{name: _value(value) for name, value in row.items()} for row in self.said["tables"][table]]

    def write(self, url: URL) -> None:
        """Write all rows, with the columns that the release knows and no others."""
        with look(url) as connection:
            schema = MetaData()
            schema.reflect(connection)
            for table in schema.sorted_tables:
                if table.name in self.said["tables"]:
                    connection.execute(table.insert(), self.rows(table.name))
            if connection.dialect.name == "postgresql":
                _count_on(connection, schema)
            connection.commit()

    def read(self, url: URL, table: str) -> list[dict[str, Any]]:
        """Return what stands in a table now, in the columns that the release knows."""
        names = list(self.said["tables"][table][0])
        with look(url) as connection:
            schema = MetaData()
            schema.reflect(connection, only=[table])
            columns: list[Column[Any]] = [schema.tables[table].c[name] for name in names]
            return [dict(row) for row in connection.execute(select(*columns)).mappings()]


def _value(value: Any) -> Any:
    match value:
        case {"bytes": str() as said} | {"time": str() as said} | {"decimal": str() as said} if len(value) == 1:
            return KINDS[next(iter(value))](said)
        case _:
            return value


def _count_on(connection: Connection, schema: MetaData) -> None:
    """Have counters go on behind the rows that were written with their numbers."""
    for table in schema.sorted_tables:
        for column in table.primary_key:
            place = {"table": f'"{table.name}"', "column": column.name}
            if connection.scalar(text("SELECT pg_get_serial_sequence(:table, :column)"), place):
                most = (
                    f'SELECT setval(pg_get_serial_sequence(:table, :column), max("{column.name}")) FROM "{table.name}"'
                )
                connection.execute(text(most), place)


def columns(url: URL) -> set[tuple[str, str]]:
    with look(url) as connection:
        found = inspect(connection)
        return {(table, column["name"]) for table in found.get_table_names() for column in found.get_columns(table)}


@pytest.fixture
def url(database_url: str) -> URL:
    return make_url(database_url)


@pytest.fixture(params=RELEASES, ids=lambda path: path.stem)
def release(request: pytest.FixtureRequest) -> Release:
    return Release(request.param)


async def looked_at(here: Installation, known: dict[str, Any]) -> None:
    """Come in as people and programs of the release did, and find what they had."""
    async with here.rest() as person:
        login = {"email": known["email"], "password": known["password"]}
        assert (await person.post("/v1/login", json=login)).status_code == 200
        assert (await person.get("/v1/account")).json()["account_id"] == known["account_id"]
        invoices = (await person.get("/v1/invoices")).json()["invoices"]
        assert [{name: invoice[name] for name in known["invoices"][0]} for invoice in invoices] == known["invoices"]
        assert len((await person.get("/v1/budgets")).json()["budgets"]) == 1
    async with here.rest(authorization=known["keys"]["owner"]) as program:
        caches = (await program.get("/v1/caches")).json()["caches"]
        assert [cache["name"] for cache in caches] == known["caches"]
        assert (await program.post("/v1/caches", json={"name": "of-this-version"})).status_code == 201
        for credential in known["keys"].values():
            asked = {"action": "subscribe", "cache": "chat", "topic": "room/1", "credential": credential}
            assert (await program.post("/v1/permissions/check", json=asked)).json()["allowed"]
    assert (await here.accounts.ledger.verifier.verify()).findings == []
    account = await here.directory.account(known["account_id"])
    assert account is not None
    assert "chat" in account.caches


async def test_this_version_goes_on_with_what_a_release_has_left(release: Release, url: URL, start: Start) -> None:
    migrate.upgrade(url, release.revision)
    release.write(url)
    master_key = MasterKeySource(release.known["master_key"], None)
    await looked_at(await start(master_key=master_key), release.known)


def test_a_process_of_the_release_can_write_to_the_schema_of_this_version_and_get_it_back(
    release: Release, url: URL
) -> None:
    """The rule of decision 25: nothing that an old process reads is gone, and what it writes is taken."""
    migrate.upgrade(url, release.revision)
    before = columns(url)
    migrate.upgrade(url)
    assert before - columns(url) == set()
    release.write(url)
    migrate.downgrade(url, release.revision)
    for table in ("account", "user", "api_key", "invoice", "usage_batch"):
        assert release.read(url, table) == release.rows(table), table


def test_a_migration_that_was_released_is_never_changed(release: Release) -> None:
    for name, digest in release.said["migrations"].items():
        found = hashlib.sha256((ROOT / "migrations" / "versions" / name).read_bytes()).hexdigest()
        assert found == digest, f"{name} was released; write another one"
