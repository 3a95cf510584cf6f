"""The account service in a command: on the data folder itself, whether `tidings up` runs on it or not."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import click

from accounts.component import Accounts, AccountsSettings
from accounts.database import UNUSABLE, Database, sqlite_url
from accounts.encryption import CannotDecrypt
from api.errors import TidingsError
from backplane.memory import MemoryDirectory
from cli.refusals import told_in_a_sentence
from cli.variables import database_url as urls
from cli.variables.billing import BillingVariables
from cli.variables.master_key import MasterKeyVariables

T = TypeVar("T")

data_option = click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("data"),
    envvar="TIDINGS_DATA",
    show_default=True,
    help="The data folder of the installation.",
)


def _database_url(ctx: click.Context, param: click.Parameter, url: str) -> str:
    try:
        return urls.accepted(url) if url else ""
    except ValueError as error:
        message = f"it must be {urls.ACCEPTED}"  # the URL may hold a password, and is not shown
        raise click.BadParameter(message, ctx, param) from error


database_option = click.option(
    "--database-url",
    default="",
    callback=_database_url,
    envvar="TIDINGS_DATABASE_URL",
    help="The database of a fleet, as SQLAlchemy writes it. [default: SQLite in the data folder]",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def with_accounts(
    data: Path, work: Callable[[Accounts], Awaitable[T]], database_url: str = "", *, begins: bool = False
) -> T:
    """Run `work` on the installation in `data`; an error that speaks becomes the command's own.

    With a `database_url`, accounts are there and not in the folder. A command that `begins` may be the first one in a
    folder; any other does not make an installation where none is.
    """
    if not begins:
        _require(data, database_url)
    with told_in_a_sentence():
        master_key, billing = MasterKeyVariables.read().master_key_source, BillingVariables.read().billing
    settings = AccountsSettings(
        data_dir=data.resolve(), endpoint="", master_key=master_key, database_url=database_url, billing=billing
    )

    async def run() -> T:
        accounts = Accounts(settings, MemoryDirectory())
        await accounts.open()
        try:
            return await work(accounts)
        finally:
            await accounts.close()

    with _told():
        return asyncio.run(run())


@contextmanager
def _told() -> Generator[None]:
    """Make errors that speak the command's own, and those of a database that does not answer."""
    try:
        yield
    except TidingsError as error:
        raise click.ClickException("\n".join((error.message, *map(_line, error.details)))) from error
    except (CannotDecrypt, LookupError) as error:
        raise click.ClickException(str(error)) from error
    except UNUSABLE as error:
        reason = str(error.orig).partition("\n")[0]
        raise click.ClickException(f"the database cannot be used: {reason}") from error


def _require(data: Path, database_url: str) -> None:
    path = data.resolve()
    if not database_url and not (path / "tidings.db").exists():
        raise click.ClickException(f"there is no installation in {path}: name its folder with --data")


def _line(detail: Mapping[str, str]) -> str:
    return "  " + ", ".join(f"{name} {value}" for name, value in detail.items())


def with_database(data: Path, url: str, work: Callable[[Database], Awaitable[T]]) -> T:
    """Run `work` on the database at `url`, or without one on that in `data`; nothing else is opened or made."""
    _require(data, url)
    where = url or sqlite_url(data.resolve())

    async def run() -> T:
        database = Database(where)
        await database.start()
        try:
            return await work(database)
        finally:
            await database.close()

    with _told():
        return asyncio.run(run())


def show(fields: dict[str, object], *, as_json: bool) -> None:
    """Print a result, for a program or for a person."""
    if as_json:
        click.echo(json.dumps(fields))
    else:
        for name, value in fields.items():
            click.echo(f"{name}: {value}")


def moment(second: int) -> str:
    """Return a second since 1970 as commands tell people of it: in UTC, as in ISO 8601, and after the year 9999 too."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(second))


def told(second: int | None, *, as_json: bool) -> int | str | None:
    """Return a second since 1970 for a program or for a person."""
    return second if as_json or second is None else moment(second)
