"""Writes what this release leaves in a database: `python -m tests.integration.accounts.releases.make`.

To be run once, for the commit of the release: `tests/integration/accounts/test_upgrade.py` has the versions that follow
go on with it.
"""

import asyncio
import base64
import hashlib
import json
import os
from datetime import date
from decimal import Decimal
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
from sqlalchemy import MetaData, select
from sqlalchemy.engine import make_url

from accounts.component import Accounts, AccountsSettings
from accounts.database import migrate, sqlite_url
from accounts.encryption import MasterKeySource
from accounts.fleet import Fleet
from backplane.memory import MemoryDirectory, MemoryRegistry
from tests.integration.accounts.billing.books import Books, at, plan
from tests.integration.accounts.installation import PASSWORD, Installation
from tests.integration.accounts.test_migrations import ROOT, look

RULE = {"type": "topic", "permissions": ["read"], "caches": "*", "topics": {"name_prefix": "room/"}}


async def said(person: httpx.AsyncClient, method: str, path: str, **body: Any) -> Any:
    """Return what is answered to one request."""
    answer = await person.request(method, f"/v1{path}", json=body or None)
    return answer.raise_for_status().json() if answer.content else None


async def lived_in(here: Installation) -> dict[str, Any]:
    """Do what customers do, and return what a test has to know of it."""
    async with here.rest() as person:
        who = {"email": "ada@example.com", "password": PASSWORD}
        await said(person, "POST", "/signup", **who, account_name="Ada")
        account_id = (await said(person, "GET", "/account"))["account_id"]
        role = (await said(person, "POST", "/roles", name="readers", permissions=[RULE]))["role_id"]
        made = [(each, await said(person, "POST", "/api-keys", role_id=each)) for each in ("owner", "viewer", role)]
        for name in ("chat", "news"):
            await said(person, "POST", "/caches", name=name)
        await said(person, "PATCH", "/caches/news", limits={"message_bytes": 1000})
        await said(person, "POST", "/billing/webhooks", url="https://example.com/", events=["invoice.finalized"])
        books = Books(here, account_id)
        await books.turn(at("2028-02-10"))
        await books.has(plan(publish_operations="0.0000131"))
        for units in (1000, 20_000, 300_000):
            await books.use(publish=units)
        await books.turn(at("2028-03-01T01:30"))
        await books.use(publish=7)
        await said(person, "POST", "/budgets", name="all", amount="20.00", mode="warn", alerts=[50])
        invoices = (await said(person, "GET", "/invoices"))["invoices"]
    return {
        **who,
        "account_id": account_id,
        "keys": {role_id: key["api_key"] for role_id, key in made},
        "caches": ["chat", "news"],
        "invoices": [{name: each[name] for name in ("invoice_id", "number", "total")} for each in invoices],
    }


def rows(database_url: str) -> dict[str, list[dict[str, Any]]]:
    """Return all rows of all tables that have any."""
    with look(make_url(database_url)) as connection:
        schema = MetaData()
        schema.reflect(connection)
        tables = [table for table in schema.sorted_tables if table.name != "alembic_version"]
        found = {table.name: [dict(row) for row in connection.execute(select(table)).mappings()] for table in tables}
    return {name: some for name, some in found.items() if some}


def as_json(value: object) -> dict[str, str]:
    match value:
        case bytes():
            return {"bytes": base64.b64encode(value).decode()}
        case date():
            return {"time": value.isoformat()}
        case Decimal():
            return {"decimal": str(value)}
        case _:
            raise TypeError(value)


async def main() -> None:
    key = base64.b64encode(os.urandom(32)).decode()
    with TemporaryDirectory() as folder:
        url, directory = sqlite_url(Path(folder)), MemoryDirectory()
        settings = AccountsSettings(Path(folder), "tidings.test", master_key=MasterKeySource(key, None))
        accounts = Accounts(settings, directory, fleet=Fleet(registry=MemoryRegistry(lease_seconds=3600.0)))
        await accounts.start()
        known = await lived_in(Installation(accounts, directory))
        await accounts.close()
        revision, _ = migrate.current(url)
        tables = rows(url)
    files = sorted((ROOT / "migrations" / "versions").glob("*.py"))
    told = {
        "revision": revision,
        "known": {**known, "master_key": key},
        "migrations": {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files},
        "tables": tables,
    }
    path = Path(__file__).with_name(f"{version('tidings')}.json")
    path.write_text(json.dumps(told, default=as_json, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    asyncio.run(main())
