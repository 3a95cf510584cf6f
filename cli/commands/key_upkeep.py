"""`tidings key list`, `revoke` and `rotate`: the API keys of an account that are there already."""

import json
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click

from accounts.audit import SYSTEM
from accounts.component import Accounts
from accounts.keys.models import ApiKey
from accounts.keys.schemas import LONGEST_OVERLAP_SECONDS, KeyInfo
from accounts.keys.service import Replacement
from accounts.paging import MOST, PageRequest
from accounts.tokens.service import LONGEST_VALIDITY_SECONDS
from cli.commands.accounts_access import data_option, database_option, json_option, moment, show, told, with_accounts


@click.command("list")
@click.argument("email")
@data_option
@database_option
@json_option
def list_keys(email: str, data: Path, database_url: str, *, as_json: bool) -> None:
    """List the API keys of the account of EMAIL that are neither revoked nor expired, the oldest first."""
    keys = with_accounts(data, lambda accounts: _all(accounts, email), database_url)
    if as_json:
        click.echo(json.dumps({"api_keys": [KeyInfo.of(key).model_dump() for key in keys]}))
    elif not keys:
        click.echo(f"the account of {email} has no API keys")
    for key in keys if not as_json else ():
        click.echo(_line(key))


@click.command()
@click.argument("email")
@click.argument("key_id")
@data_option
@database_option
def revoke(email: str, key_id: str, data: Path, database_url: str) -> None:
    """Revoke the API key KEY_ID of the account of EMAIL.

    A service that runs refuses it within a second, and its subscriptions end.
    """

    async def end(accounts: Accounts) -> None:
        await accounts.keys.revoke(await accounts.users.account_of(email), SYSTEM, key_id)

    with_accounts(data, end, database_url)


@click.command()
@click.argument("email")
@click.argument("key_id")
@click.option(
    "--overlap",
    type=click.IntRange(0, LONGEST_OVERLAP_SECONDS),
    default=3600,
    show_default=True,
    metavar="SECONDS",
    help="How long the old key still holds.",
)
@click.option(
    "--expires-in",
    type=click.IntRange(1, LONGEST_VALIDITY_SECONDS),
    metavar="SECONDS",
    help="When the new key expires. [default: after as long as the old one was made for]",
)
@data_option
@database_option
@json_option
def rotate(
    email: str, key_id: str, overlap: int, expires_in: int | None, data: Path, database_url: str, *, as_json: bool
) -> None:
    """Make a new API key that takes the place of KEY_ID, with its role and description. It is shown this once."""
    replacement = Replacement(overlap)
    if expires_in is not None:
        replacement = replace(replacement, expiry=int(time.time()) + expires_in)

    async def make(accounts: Accounts) -> dict[str, object]:
        account_id = await accounts.users.account_of(email)
        made, key, old = await accounts.keys.rotate(account_id, SYSTEM, key_id, replacement)
        return {
            "api_key": made,
            "key_id": key.id,
            "role_id": key.role_id,
            "replaced_ends_at": told(old.holds_until, as_json=as_json),
        }

    show(with_accounts(data, make, database_url), as_json=as_json)


async def _all(accounts: Accounts, email: str) -> Sequence[ApiKey]:
    account_id = await accounts.users.account_of(email)
    page = await accounts.keys.page(account_id, PageRequest(MOST))
    found = list(page.items)
    while page.next_token is not None:
        page = await accounts.keys.page(account_id, PageRequest(MOST, page.next_token))
        found += page.items
    return found


def _line(key: ApiKey) -> str:
    until, used = key.holds_until, key.last_used_at
    words = [
        key.id,
        f"role {key.role_id}" if key.role_id else "its own permissions",
        "never expires" if until is None else f"until {moment(until)}",
        "never used" if used is None else f"used {moment(used)} from {key.last_used_address}",
        f"replaced by {key.replaced_by}" if key.replaced_by else "",
        key.description,
    ]
    return "  ".join(filter(None, words))
