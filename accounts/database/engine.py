"""The database: one transaction for each request, on SQLite or any other that SQLAlchemy has an async driver for."""

import asyncio
import logging
import os
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import Connection, QueuePool, Select, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DataError, IntegrityError, InterfaceError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

from accounts.database import sqlite
from accounts.database.revisions import is_newest
from accounts.database.traced import trace
from api.errors import InvalidArgument, Unavailable
from api.tasks import finished
from api.tracing import Spans

LIVENESS = {
    "connect_timeout": 3,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
"""How soon a server whose machine or network is gone is given up: libpq's options, the last one in milliseconds."""

_WRITES = "tidings_writes"

_STANDBY = "in a read-only transaction"
_NO_ROOM = ("disk is full", "disk I/O error", "No space left on device", "readonly database", _STANDBY)
"""What SQLite and Postgres say, in texts that no value is in, when they read and cannot write."""

Transaction = AsyncSession
"""What services hand on to repositories, which alone write SQL."""

State = Literal["reachable", "read-only", "unreachable"]
"""`read-only`: what is in it can be read, but its disk is full, or cannot be written, or it is a standby."""

_log = logging.getLogger(__name__)


def sqlite_url(data_dir: Path) -> str:
    """Return the URL of the database in a data folder."""
    return f"sqlite+aiosqlite:///{data_dir / 'tidings.db'}"


@dataclass(frozen=True, slots=True)
class Pool:
    """How many connections to a database server are kept; SQLite has none.

    Attributes:
        size: Connections that are kept open.
        max_overflow: More of them, under load, that are closed again.
        timeout_seconds: How long a request waits for one.
        recycle_seconds: After which one is opened anew, before a firewall forgets it.
    """

    size: int = 5
    max_overflow: int = 10
    timeout_seconds: float = 5.0
    recycle_seconds: float = 1800.0

    def options(self) -> dict[str, Any]:
        """Return what SQLAlchemy is told."""
        return {
            "pool_size": self.size,
            "max_overflow": self.max_overflow,
            "pool_timeout": self.timeout_seconds,
            "pool_recycle": self.recycle_seconds,
            "pool_pre_ping": True,  # a server that was restarted costs no request an error
            "connect_args": LIVENESS,
        }


UNUSABLE = (OperationalError, InterfaceError)
"""What a database raises that does not answer, or does not let itself be used."""


class Database:
    """An engine and its sessions. Where it cannot be reached, callers are told `Unavailable`, and the log once."""

    def __init__(self, url: str, pool: Pool | None = None) -> None:
        self._url = make_url(url)
        self._is_sqlite = self._url.get_backend_name() == "sqlite"
        self._pool = pool or Pool()
        options = self._pool.options() if not self._is_sqlite else sqlite.options(self._url)
        # Values stay out of the texts of errors, and so out of the log: among them are e-mails and hashes.
        self._engine = create_async_engine(self._url, hide_parameters=True, **options)
        self._sessions = async_sessionmaker(self._engine, expire_on_commit=False)
        self._state: State = "reachable"
        # SQLite has one writer at a time. Its own way to wait is to look again and again, which is slow in a crowd.
        self._turn: AbstractAsyncContextManager[Any] = asyncio.Lock() if self._is_sqlite else nullcontext()
        file = self._url.database if self._is_sqlite else None
        self._commits = sqlite.Commits(file) if file and file != ":memory:" else None
        if self._is_sqlite:
            event.listen(self._engine.sync_engine, "begin", _on_sqlite_begin)

    def __repr__(self) -> str:
        return f"<Database {self._url.render_as_string(hide_password=True)} {self._state}>"

    def trace(self, spans: Spans) -> None:
        """Make a span of each statement that is part of a trace."""
        trace(self._engine.sync_engine, spans)

    @property
    def reachable(self) -> bool:
        """Whether it could be read and changed, when it was needed last."""
        return self._state == "reachable"

    @property
    def state(self) -> State:
        """How it stood when it was needed last."""
        return self._state

    @property
    def connections_in_use(self) -> int:
        """Connections that requests have now."""
        pool = self._engine.pool
        return pool.checkedout() if isinstance(pool, QueuePool) else 0

    @property
    def most_connections(self) -> int:
        """How many they may have at a time."""
        return self._pool.size + self._pool.max_overflow

    async def start(self) -> None:
        """Bring the schema up to date. Two processes that start together do it one after the other."""
        if self._is_sqlite and self._url.database:
            _keep_to_owner(self._url.database)
        await asyncio.to_thread(_upgrade, self._url)

    async def close(self) -> None:
        """Close all connections."""
        if self._commits is not None:
            self._commits.close()
        await self._engine.dispose()

    def version(self) -> sqlite.Version | None:
        """Return what is another one after each commit, of any process; None where there is no cheap one.

        Whoever looks again and again has nothing to look for while it is the same: a look by SQL takes 3 ms of CPU.
        """
        return None if self._commits is None else self._commits.version()

    def glance(self, statement: Select[*tuple[Any, ...]]) -> sqlite.Rows | None:
        """Return the rows of a statement, if `version` has just told one and they can be read without a session."""
        return None if self._commits is None else self._commits.rows(statement)

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[Transaction]:
        """Give a session whose changes are committed at the end, and undone if that is an exception.

        Raises:
            Unavailable: the database cannot be reached, or others kept it busy for too long.
        """
        async with self._turn, self._session({_WRITES: True}) as session:
            yield session

    @asynccontextmanager
    async def reading(self) -> AsyncGenerator[Transaction]:
        """Give a session that sees one state of the database and changes nothing. See `transaction` for errors."""
        async with self._session({} if self._is_sqlite else {"isolation_level": "REPEATABLE READ"}) as session:
            yield session

    @asynccontextmanager
    async def _session(self, options: dict[str, Any]) -> AsyncGenerator[Transaction]:
        session = self._sessions()
        # A caller that is cancelled while a connection is made or given back would leave it to nobody.
        try:
            try:
                await finished(session.connection(execution_options=options))
                yield session
                await finished(session.commit())
            finally:
                await finished(session.close())
        except DataError as reason:
            raise _refused(reason) from reason
        except IntegrityError as reason:
            if "foreign key" not in str(reason.orig).lower():
                raise
            raise Unavailable("something that this belongs to was deleted a moment ago; try again") from reason
        except (OperationalError, InterfaceError, NoConnectionFree, OSError) as reason:
            if "integer overflow" in str(reason):
                raise _refused(reason) from reason
            raise self._failed(str(reason)) from reason
        except InternalError as reason:
            if _STANDBY not in str(reason):
                raise
            await self._engine.dispose()  # by a new connection the server that may be written is found
            raise self._failed(str(reason)) from reason
        if self._state == "unreachable" or (self._state == "read-only" and _WRITES in options):
            _log.warning("the database can be reached again")
            self._state = "reachable"

    def _failed(self, why: str) -> Unavailable:
        """Note, and have the log know once, what does not work; called where an exception is handled."""
        state: State = "read-only" if any(sign in why for sign in _NO_ROOM) else "unreachable"
        if self._state == "reachable":
            _log.exception("the database %s", "cannot be changed" if state == "read-only" else "cannot be reached")
        self._state = state
        return Unavailable("the accounts cannot be read or changed now; try again")


def _upgrade(url: URL) -> None:
    if not is_newest(url):
        logging.getLogger("alembic").setLevel(logging.WARNING)  # at INFO it tells of its plugins, and of each start
        from accounts.database.migrate import upgrade  # noqa: PLC0415  see `revisions`

        upgrade(url)


def _refused(reason: Exception) -> InvalidArgument:
    if "integer overflow" in str(reason) or "out of range" in str(reason):
        return InvalidArgument("a sum is larger than can be kept")
    return InvalidArgument("the request holds a text that cannot be kept, such as one with a zero byte")


def _keep_to_owner(path: str) -> None:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    os.fchmod(descriptor, 0o600)  # SQLite gives the files beside it the same mode
    os.close(descriptor)


def _on_sqlite_begin(connection: Connection) -> None:
    # A transaction that reads first and writes later would fail where another has written in between; one that
    # takes the write lock at its beginning waits for its turn instead.
    writes = connection.get_execution_options().get(_WRITES)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
