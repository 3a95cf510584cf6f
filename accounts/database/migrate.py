"""Applies the migrations at start."""

import fcntl
import logging
import os
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.engine import URL, Connection, make_url
from sqlalchemy.exc import SQLAlchemyError

import migrations
from accounts.database.revisions import engine_of
from api.errors import Unavailable

ADVISORY_LOCK = 7_485_901
"""Postgres holds this number while one process migrates."""


_log = logging.getLogger(__name__)


def upgrade(url: URL, revision: str = "head") -> None:
    """Bring the schema of the database at `url` forwards to `revision`, alone.

    A schema that a newer version of this software has made is left as it is: each migration lets the version before
    it go on, so that one process after the other can be replaced, and an old one may start again meanwhile.
    """

    def work(config: Config) -> None:
        found = _revision(config.attributes["connection"])
        if found is None or found in _revisions(ScriptDirectory.from_config(config)):
            command.upgrade(config, revision)
        else:
            _log.warning("the database has the schema of a newer version, %s, and is left as it is", found)

    _with_connection(url, work)


def downgrade(url: URL, revision: str = "base") -> None:
    """Bring the schema of the database at `url` back to `revision`, alone."""
    _with_connection(url, lambda config: command.downgrade(config, revision))


def is_known(url: str) -> bool:
    """Return whether the database at `url` has a schema of this version or of one before it."""
    found, _ = current(url)
    return found in _revisions(ScriptDirectory(str(Path(migrations.__file__).parent)))


def without_password(url: str) -> str:
    """Return a URL as it may be shown."""
    return make_url(url).render_as_string(hide_password=True)


def current(url: str) -> tuple[str | None, str | None]:
    """Return the revision of the schema at `url`, and the newest one; without waiting for whoever migrates.

    Raises:
        Unavailable: the database cannot be reached; the message says why.
    """
    engine = engine_of(make_url(url))
    try:
        with engine.connect() as connection:
            found = _revision(connection)
    except (SQLAlchemyError, OSError) as error:
        raise Unavailable(str(error.__cause__ or error).partition("\n")[0]) from error
    finally:
        engine.dispose()
    return found, ScriptDirectory(str(Path(migrations.__file__).parent)).get_current_head()


def _revisions(scripts: ScriptDirectory) -> set[str]:
    return {script.revision for script in scripts.walk_revisions()}


def _revision(connection: Connection) -> str | None:
    found = MigrationContext.configure(connection).get_current_revision()
    connection.commit()  # Alembic leaves a transaction that it finds open to whoever opened it
    return found


def _with_connection(url: URL, work: Callable[[Config], None]) -> None:
    engine = engine_of(url)
    try:
        with _alone(url), engine.connect() as connection:
            _lock(connection)
            config = Config()
            config.set_main_option("script_location", str(Path(migrations.__file__).parent))
            config.attributes["connection"] = connection
            work(config)
    finally:
        engine.dispose()


def _lock(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": ADVISORY_LOCK})
        connection.commit()  # the lock is the session's


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
