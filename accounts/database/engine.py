"""The database: one transaction for each request, on SQLite or any other that SQLAlchemy has an async driver for."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, event
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

from accounts.database.migrate import upgrade

BUSY_SECONDS = 10.0
_WRITES = "tidings_writes"

Transaction = AsyncSession
"""What services hand on to repositories, which alone write SQL."""


def sqlite_url(data_dir: Path) -> str:
    """Return the URL of the database in a data folder."""
    return f"sqlite+aiosqlite:///{data_dir / 'tidings.db'}"


class Database:
    """An engine and its sessions."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._is_sqlite = make_url(url).get_backend_name() == "sqlite"
        options: dict[str, Any] = {"connect_args": {"timeout": BUSY_SECONDS}} if self._is_sqlite else {}
        self._engine = create_async_engine(url, **options)
        self._sessions = async_sessionmaker(self._engine, expire_on_commit=False)
        if self._is_sqlite:
            event.listen(self._engine.sync_engine, "connect", _on_sqlite_connect)
            event.listen(self._engine.sync_engine, "begin", _on_sqlite_begin)

    async def start(self) -> None:
        """Bring the schema up to date. Two processes that start together do it one after the other."""
        await asyncio.to_thread(upgrade, self._url)

    async def close(self) -> None:
        """Close all connections."""
        await self._engine.dispose()

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[AsyncSession]:
        """Give a session whose changes are committed at the end, and undone if that is an exception."""
        async with self._sessions() as session, session.begin():
            await session.connection(execution_options={_WRITES: True})
            yield session

    @asynccontextmanager
    async def reading(self) -> AsyncGenerator[AsyncSession]:
        """Give a session that sees one state of the database and changes nothing."""
        async with self._sessions() as session, session.begin():
            yield session


def _on_sqlite_connect(connection: Any, _: object) -> None:  # noqa: ANN401 - the driver's own type
    connection.isolation_level = None  # SQLAlchemy says BEGIN itself, see below
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "foreign_keys=ON", "synchronous=NORMAL"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _on_sqlite_begin(connection: Connection) -> None:
    # A transaction that reads first and writes later would fail where another has written in between; one that
    # takes the write lock at its beginning waits for its turn instead.
    writes = connection.get_execution_options().get(_WRITES)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
