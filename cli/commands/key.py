"""`tidings key`: API keys without a browser, and the keys that only a person at the machine may make."""

import time
from pathlib import Path

import click

from accounts.audit import SYSTEM
from accounts.component import Accounts
from accounts.identifiers import new_id
from accounts.roles.system import OWNER, SYSTEM_ROLES
from accounts.tokens.service import LONGEST_VALIDITY_SECONDS
from api.permissions import super_user_permissions
from api.tokens import Claims, Kind, pack_credential
from cli.commands import key_upkeep
from cli.commands.accounts_access import data_option, database_option, json_option, show, with_accounts
from cli.commands.verbs import Verbs


@click.group(cls=Verbs)
def key() -> None:
    """Make, list, revoke and rotate API keys without a browser."""


for command in (key_upkeep.list_keys, key_upkeep.revoke, key_upkeep.rotate):
    key.add_command(command)


@key.command()
@click.argument("email")
@click.option("--role", type=click.Choice(list(SYSTEM_ROLES)), default=OWNER, show_default=True, help="What it may do.")
@click.option(
    "--super-user", "kind", flag_value="api_token", help="An older key with all rights, packed with its endpoint."
)
@click.option("--session", "kind", flag_value="session", help="A token with the rights of a log-in, for test suites.")
@click.option(
    "--expires-in",
    type=click.IntRange(1, LONGEST_VALIDITY_SECONDS),
    metavar="SECONDS",
    help="When it expires. [default: never]",
)
@click.option("--description", default="made on the command line", show_default=True, help="A note to find it by.")
@click.option("--endpoint", default="127.0.0.1", show_default=True, help="The host name that a packed key carries.")
@data_option
@database_option
@json_option
def create(  # noqa: PLR0913 - the options of the command
    email: str,
    role: str,
    expires_in: int | None,
    description: str,
    endpoint: str,
    data: Path,
    database_url: str,
    *,
    kind: Kind | None,
    as_json: bool,
) -> None:
    """Make an API key for the account of EMAIL. It is shown this once."""
    expires_at = None if expires_in is None else int(time.time()) + expires_in

    async def make(accounts: Accounts) -> dict[str, object]:
        account_id = await accounts.users.account_of(email)
        if kind is not None:
            claims = _claims(accounts, kind, account_id, expires_at)
            if kind != "api_token":  # it is kept nowhere
                await accounts.signing_keys.note_lasting(account_id, claims.kid, expires_at)
            token = accounts.keystore.sign(claims, claims.kid)
            told: dict[str, object] = {"api_key": token}
            if kind == "api_token":
                await accounts.credentials.minted_keys.note(claims, SYSTEM, description)
                told |= {"packed": pack_credential(endpoint, token), "key_id": claims.id}
            return {**told, "account_id": account_id}
        made, kept = await accounts.keys.generate(account_id, SYSTEM, role, description, expires_at)
        return {"api_key": made, "key_id": kept.id, "role_id": role, "account_id": account_id}

    show(with_accounts(data, make, database_url), as_json=as_json)


def _claims(accounts: Accounts, kind: Kind, account_id: str, expires_at: int | None) -> Claims:
    permissions, kid = super_user_permissions() if kind == "api_token" else b"", accounts.keystore.signing_kid()
    return Claims(kind, account_id, new_id(kind), int(time.time()), expires_at, permissions=permissions, kid=kid)
