"""`tidings keys`: the keys that tokens are signed with. Whoever may write to the database may change them."""

import json
from collections.abc import Sequence
from pathlib import Path

import click

from accounts.audit import SYSTEM
from accounts.component import Accounts
from accounts.signing.retiring import Life
from accounts.signing.schemas import SigningKeyInfo
from accounts.signing.service import LEAD_SECONDS, LONGEST_LEAD_SECONDS, SHORTEST_LEAD_SECONDS
from cli.commands.accounts_access import data_option, database_option, json_option, moment, show, told, with_accounts
from cli.commands.verbs import Verbs


@click.group(cls=Verbs)
def keys() -> None:
    """Rotate the keys that tokens are signed with. A running service follows within a second."""


@keys.command("list")
@data_option
@database_option
@json_option
def list_keys(data: Path, database_url: str, *, as_json: bool) -> None:
    """List the keys that sign or verify tokens, and what depends on each."""
    lives = with_accounts(data, lambda accounts: accounts.signing_key_lives.list(), database_url)
    if as_json:
        click.echo(json.dumps([SigningKeyInfo.of(life).model_dump() for life in lives]))
    else:
        _tell(lives)


@keys.command()
@click.option(
    "--signs-in",
    type=click.IntRange(SHORTEST_LEAD_SECONDS, LONGEST_LEAD_SECONDS),
    default=LEAD_SECONDS,
    show_default=True,
    metavar="SECONDS",
    help="When the new key signs. Until then it is public, and the one before signs.",
)
@data_option
@database_option
@json_option
def rotate(signs_in: int, data: Path, database_url: str, *, as_json: bool) -> None:
    """Make a key that signs in a while. The one before goes on to verify what it has signed."""

    async def make(accounts: Accounts) -> dict[str, object]:
        made = await accounts.signing_keys.rotate(SYSTEM, signs_in)
        return {"kid": made.kid, "signs_from": told(made.signs_from, as_json=as_json)}

    show(with_accounts(data, make, database_url), as_json=as_json)


@keys.command()
@click.argument("kid")
@click.option("--force", is_flag=True, help="Also where something stops to work by it.")
@data_option
@database_option
def retire(kid: str, data: Path, database_url: str, *, force: bool) -> None:
    """Have whatever a key has signed refused. Without --force only where nothing depends on it."""
    with_accounts(data, lambda accounts: accounts.signing_key_lives.retire(kid, SYSTEM, force=force), database_url)


def _tell(lives: Sequence[Life]) -> None:
    for life in lives:
        counted = f"{life.api_keys.count} API keys, {life.tokens.count} other tokens"
        more = ", and what a version that kept keys in files has signed" if life.row.from_file else ""
        until = "for ever" if life.needed_until is None else f"until {moment(life.needed_until)}"
        begin = "" if life.row.signs_from is None else f" from {moment(life.row.signs_from)}"
        click.echo(f"{life.row.kid}  {life.state}{begin}; needed {until}: {counted}{more}")
