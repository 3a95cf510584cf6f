"""The database goes away under a running service, and comes back."""

import asyncio
import logging
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import make_url, text

from accounts.database import Database
from api.errors import Unavailable
from tests.integration.accounts.conftest import Start
from tests.integration.accounts.databases import Postgres, SQLite
from tests.integration.accounts.installation import Refused

FAR_AWAY = "postgresql+psycopg://nobody@127.0.0.1:1/nothing"


@pytest.fixture
def database_url(tmp_path: Path, sqlite: SQLite) -> str:
    """SQLite alone: its file can be taken away and given back."""
    return sqlite.new_database(tmp_path)


def rename(database: Path, table: str, new: str) -> None:
    """Rename a table; in a thread, since the service may be writing just now, and must get on to end that."""
    with closing(sqlite3.connect(database)) as other, other:
        other.execute(f"ALTER TABLE {table} RENAME TO {new}")


async def test_callers_are_told_and_the_log_once(
    start: Start, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    here = await start()
    ada = await here.tenant()
    await asyncio.to_thread(rename, tmp_path / "tidings.db", "cache", "cache_elsewhere")
    for _ in range(3):
        with pytest.raises(Refused) as refused:
            await here.create_cache(ada.key, "chat")
        assert refused.value.status == 14
        assert "cache_elsewhere" not in refused.value.text
    async with here.rest(authorization=ada.key) as program:
        answer = await program.get("/v1/caches")
    assert (answer.status_code, answer.json()["code"], answer.headers["retry-after"]) == (503, "unavailable", "1")
    assert await here.directory.account(ada.id) is not None
    await asyncio.to_thread(rename, tmp_path / "tidings.db", "cache_elsewhere", "cache")
    await here.create_cache(ada.key, "chat")
    assert "the database cannot be reached" in [r.message for r in caplog.records if r.levelno == logging.ERROR]
    assert ada.email not in caplog.text


async def test_a_postgres_that_became_a_standby_is_read_only_until_another_is_found(postgres_server: Postgres) -> None:
    url = postgres_server.empty_database()
    database, name = Database(url), make_url(url).database
    writes = text("CREATE TABLE IF NOT EXISTS made (id int)")
    async with database.transaction() as transaction:
        await transaction.execute(text(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on'))
    await database.close()  # what is connected already knows nothing of it
    for _ in range(2):
        with pytest.raises(Unavailable):
            async with database.transaction() as transaction:
                await transaction.execute(writes)
        async with database.reading() as transaction:
            await transaction.execute(text("SELECT 1"))
        assert database.state == "read-only"
    async with database.transaction() as transaction:
        await transaction.execute(text("SET TRANSACTION READ WRITE"))
        await transaction.execute(text(f'ALTER DATABASE "{name}" RESET default_transaction_read_only'))
    with pytest.raises(Unavailable):
        async with database.transaction() as transaction:
            await transaction.execute(writes)  # over a connection of before
    async with database.transaction() as transaction:
        await transaction.execute(writes)
    assert database.state == "reachable"
    await database.close()


async def test_a_database_that_nobody_serves_is_unavailable() -> None:
    database = Database(FAR_AWAY)
    with pytest.raises(Unavailable):
        async with database.reading() as transaction:
            await transaction.execute(text("SELECT 1"))
    assert repr(database) == f"<Database {FAR_AWAY} unreachable>"
    await database.close()


async def test_a_database_that_accepts_and_is_silent_is_given_up() -> None:
    accepted: list[asyncio.StreamWriter] = []

    def accept(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        accepted.append(writer)

    async with await asyncio.start_server(accept, "127.0.0.1", 0) as silent:
        port = silent.sockets[0].getsockname()[1]
        database = Database(f"postgresql+psycopg://nobody@127.0.0.1:{port}/nothing")
        began = time.monotonic()
        with pytest.raises(Unavailable):
            async with database.reading():
                pass
        assert time.monotonic() - began < 30
        await database.close()
        assert accepted
        for writer in accepted:  # the driver may have left its own end open
            writer.transport.abort()
