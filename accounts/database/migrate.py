"""Applies the migrations at start."""

import fcntl
import logging
import os
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL, Connection

import migrations

ADVISORY_LOCK = 7_485_901
"""Postgres holds this number while one process migrates."""


def upgrade(url: URL, revision: str = "head") -> None:
    """Bring the schema of the database at `url` forwards to `revision`, alone."""
    _with_connection(url, lambda config: command.upgrade(config, revision))


def downgrade(url: URL, revision: str = "base") -> None:
    """Bring the schema of the database at `url` back to `revision`, alone."""
    _with_connection(url, lambda config: command.downgrade(config, revision))


def _with_connection(url: URL, work: Callable[[Config], None]) -> None:
    logging.getLogger("alembic").setLevel(logging.WARNING)  # it tells at INFO of each start, also with nothing to do
    sync_url = url.set(drivername="sqlite") if url.get_backend_name() == "sqlite" else url
    engine = create_engine(sync_url)
    try:
        with _alone(sync_url), engine.connect() as connection:
            _lock(connection)
            config = Config()
            config.set_main_option("script_location", str(Path(migrations.__file__).parent))
            config.attributes["connection"] = connection
            work(config)
            connection.commit()
    finally:
        engine.dispose()


def _lock(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": ADVISORY_LOCK})


@contextmanager
def _alone(url: URL) -> Generator[None]:
    if url.get_backend_name() != "sqlite" or not url.database:
        yield
        return
    descriptor = os.open(f"{url.database}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
