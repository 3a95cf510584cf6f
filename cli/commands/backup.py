"""`tidings backup`: copies the database of one machine while it is in use, and puts a copy in its place."""

import sqlite3
from contextlib import closing
from pathlib import Path

import click

from accounts.database import sqlite_url
from accounts.database.migrate import is_known
from cli.commands.accounts_access import data_option
from cli.commands.verbs import Verbs
from cli.refusals import DataFolderUnusable
from cli.supervisor.data_folder import DataFolder

NAME = "tidings.db"
ASIDE = "tidings.db.before-restore"
_BESIDE = ("-wal", "-shm")


@click.group(cls=Verbs)
def backup() -> None:
    """Copy the database of one machine, and put a copy in its place."""


@backup.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@data_option
def create(file: Path, data: Path) -> None:
    """Write the database to FILE, whether the service runs or not.

    FILE is what the database was at one moment, and there whole or not at all. The master key is not in it. A fleet has
    its database in Postgres: use pg_dump.
    """
    source = data.resolve() / NAME
    if not source.exists():
        raise click.ClickException(f"there is no installation in {data.resolve()}: name its folder with --data")
    half = file.with_name(f"{file.name}.half")
    try:
        half.unlink(missing_ok=True)
        half.touch(mode=0o600)
        _copy(source, half)
        half.replace(file)
    except (OSError, sqlite3.Error) as error:
        raise click.ClickException(f"{file} cannot be written: {error}") from error
    click.echo(f"written to {file}; keep {data.resolve() / 'master.key'}, or what TIDINGS_MASTER_KEY says, elsewhere")


@backup.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@data_option
def restore(file: Path, data: Path) -> None:
    """Put FILE in place of the database, while the service does not run.

    The database that was there stays beside it, as tidings.db.before-restore.
    """
    try:
        held = DataFolder.hold(data)
    except DataFolderUnusable as error:
        raise click.ClickException(f"{error}; stop it first") from error
    try:
        _put(file, held.path)
    except (OSError, sqlite3.Error) as error:
        raise click.ClickException(f"{file} cannot be restored: {error}") from error
    finally:
        held.release()
    click.echo(f"restored; what was there before is {held.path / ASIDE}. Next: tidings usage replay, then tidings up")


def _put(file: Path, folder: Path) -> None:
    fresh = folder / f"{NAME}.half"
    fresh.unlink(missing_ok=True)
    fresh.touch(mode=0o600)
    _copy(file, fresh, "?immutable=1")  # nobody writes it, and its folder may be one that nobody may write
    with closing(sqlite3.connect(fresh)) as connection:
        found = connection.execute("PRAGMA integrity_check").fetchone()[0]
    if found != "ok":
        raise click.ClickException(f"{file} is damaged: {found}")
    if not is_known(sqlite_url(folder).replace(NAME, fresh.name)):
        raise click.ClickException(f"{file} is no backup, or one of a newer version")
    current = folder / NAME
    if current.exists():
        _copy(current, folder / ASIDE)
    for name in (NAME, *(NAME + ending for ending in _BESIDE)):
        (folder / name).unlink(missing_ok=True)
    fresh.replace(current)


def _copy(source: Path, target: Path, options: str = "") -> None:
    """Copy a database with what is in its log, at one moment, also while others write."""
    with (
        closing(sqlite3.connect(f"{source.resolve().as_uri()}{options}", uri=True)) as old,
        closing(sqlite3.connect(target)) as new,
    ):
        old.backup(new)
