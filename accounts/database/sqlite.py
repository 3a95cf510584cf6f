"""Connections to SQLite: each is a thread that makes one call after the other."""

import asyncio
import sqlite3
from collections.abc import Callable
from typing import Any, NamedTuple
from urllib.parse import quote

import aiosqlite
from sqlalchemy import Select
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import URL
from typing_extensions import override

BUSY_SECONDS = 10.0

_PRAGMAS = ("journal_mode=WAL", "foreign_keys=ON", "synchronous=NORMAL")
_ROWS_AT_A_TIME = 64


class _Connection(aiosqlite.Connection):
    """Ends for certain where a task is cancelled in a statement, which makes SQLAlchemy close the connection.

    It stops once: where SQLAlchemy is cancelled once more meanwhile, it stops it again, for which the library would
    wait for ever. And it gives its locks back at once: SQLite keeps what is closed for as long as anything, such as
    the cursor in a traceback, still belongs to it.
    """

    def __init__(self, connector: Callable[[], sqlite3.Connection]) -> None:
        """Take what opens the file; the thread keeps no process from ending, as with those that SQLAlchemy makes."""
        super().__init__(connector, _ROWS_AT_A_TIME)
        self._thread.daemon = True
        self._is_stopped = False

    @override
    def stop(self) -> "asyncio.Future[Any] | None":
        if self._is_stopped:
            return None
        self._is_stopped = True
        stopped: asyncio.Future[Any] | None = super().stop()  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType] - of what, it does not say
        return stopped

    @override
    async def close(self) -> None:
        if self._is_stopped:
            return
        try:
            await self.rollback()
        finally:
            stopping = self.stop()
            if stopping is not None:
                await stopping


Rows = list[tuple[Any, ...]]


class Version(NamedTuple):
    """Differs from one look to the next if something was committed in between.

    `number` is SQLite's and says nothing beyond its connection, which is the one that was opened as the `opened`-th.
    """

    opened: int
    number: int


class Commits:
    """Tells by a number whether anything was committed to a file: a look into shared memory, which takes 5 us.

    It reads a few rows of it as well. It waits for nobody: in a file with a write-ahead log a reader has not to.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None
        self._opened = 0
        self._texts: dict[Select[*tuple[Any, ...]], str] = {}

    def version(self) -> Version | None:
        """Return another one after each commit by whomever; None where that cannot be told just now."""
        try:
            if self._connection is None:
                self._connection = sqlite3.connect(f"file:{quote(self._path)}?mode=rw", uri=True, timeout=0)
                self._opened += 1
            [(found,)] = self._connection.execute("PRAGMA data_version").fetchall()
        except sqlite3.Error:
            self.close()
            return None
        return Version(self._opened, int(found))

    def rows(self, statement: Select[*tuple[Any, ...]]) -> Rows | None:
        """Return the rows of a statement as SQLite has them; None where they cannot be read just now."""
        if self._connection is None:
            return None
        text = self._texts.get(statement)
        if text is None:
            compiled = statement.compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True})
            text = self._texts[statement] = str(compiled)
        try:
            return self._connection.execute(text).fetchall()
        except sqlite3.Error:
            self.close()
            return None

    def close(self) -> None:
        """Let go of the file."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def options(url: URL) -> dict[str, Any]:
    """Return what SQLAlchemy is told of the database at `url`."""

    def connect() -> sqlite3.Connection:
        # SQLAlchemy says BEGIN itself, so that the driver must not.
        connection = sqlite3.connect(url.database or "", timeout=BUSY_SECONDS, isolation_level=None)
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
        return connection

    async def creator() -> aiosqlite.Connection:
        return await _Connection(connect)

    return {"async_creator": creator}
