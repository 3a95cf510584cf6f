"""Applies the migrations at start."""

import fcntl
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL, Connection, make_url

import migrations

ADVISORY_LOCK = 7_485_901
"""Postgres holds this number while one process migrates."""


def upgrade(url: str, revision: str = "head") -> None:
    """Bring the schema of the database at `url` to `revision`, forwards or backwards, alone."""
    sync_url = make_url(url).set(drivername=make_url(url).get_backend_name())
    engine = create_engine(sync_url)
    try:
        with _alone(sync_url), engine.connect() as connection:
            _migrate(connection, revision)
    finally:
        engine.dispose()


def _migrate(connection: Connection, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    config.attributes["connection"] = connection
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": ADVISORY_LOCK})
    command.downgrade(config, revision) if revision.startswith("-") or revision == "base" else command.upgrade(
        config, revision
    )
    connection.commit()


@contextmanager
def _alone(url: URL) -> Generator[None]:
    if url.get_backend_name() != "sqlite" or not url.database:
        yield
        return
    with Path(f"{url.database}.lock").open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
