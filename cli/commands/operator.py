"""`tidings operator`: who operates the installation. Whoever may write to its database may say so."""

import sys
import time
from collections.abc import Sequence
from pathlib import Path

import click

from accounts.component import Accounts
from accounts.operators.models import Operator, OperatorToken
from accounts.tokens.service import LONGEST_VALIDITY_SECONDS
from accounts.users.service import normalised
from api.errors import NotFound
from cli.commands.accounts_access import data_option, database_option, json_option, moment, show, with_accounts
from cli.commands.verbs import Verbs


@click.group(cls=Verbs)
def operator() -> None:
    """Appoint operators of the installation, who look after all accounts."""


@operator.command()
@click.argument("email")
@click.option("--password-stdin", is_flag=True, help="Read a password for EMAIL from standard input.")
@data_option
@database_option
@json_option
def create(email: str, data: Path, database_url: str, *, password_stdin: bool, as_json: bool) -> None:
    """Make the person who logs in with EMAIL an operator of the installation.

    With a password, whoever has not signed up is signed up, with an account of their own.
    """
    password = sys.stdin.readline().rstrip("\n") if password_stdin else None

    async def appoint(accounts: Accounts) -> dict[str, object]:
        kept = normalised(email)
        try:
            made = await accounts.operation.operators.appoint(kept)
        except NotFound:
            if password is None:
                raise
            await accounts.users.sign_up(kept, password, kept)
            made = await accounts.operation.operators.appoint(kept)
        return {"user_id": made.user_id, "email": kept}

    show(with_accounts(data, appoint, database_url, begins=True), as_json=as_json)


@operator.command("list")
@data_option
@database_option
@json_option
def list_operators(data: Path, database_url: str, *, as_json: bool) -> None:
    """List operators, and the tokens of scripts."""

    async def read(accounts: Accounts) -> tuple[Sequence[tuple[Operator, str]], Sequence[OperatorToken]]:
        return await accounts.operation.operators.list(), await accounts.operation.operators.tokens()

    people, tokens = with_accounts(data, read, database_url)
    if as_json:
        show(_fields(people, tokens), as_json=True)
        return
    for row, email in people:
        click.echo(f"{email}  {row.user_id}")
    for each in tokens:
        until = "never expires" if each.expires_at is None else f"until {moment(each.expires_at)}"
        click.echo(f"{each.id}  {until}  {each.description}")
    if not people and not tokens:
        click.echo("the installation has no operators")


def _fields(people: Sequence[tuple[Operator, str]], tokens: Sequence[OperatorToken]) -> dict[str, object]:
    return {
        "operators": [{"user_id": row.user_id, "email": email} for row, email in people],
        "tokens": [
            {"token_id": token.id, "description": token.description, "expires_at": token.expires_at} for token in tokens
        ],
    }


@operator.command()
@click.argument("email")
@data_option
@database_option
def remove(email: str, data: Path, database_url: str) -> None:
    """Take the right from the person who logs in with EMAIL; the log-in stays."""
    with_accounts(data, lambda accounts: accounts.operation.operators.dismiss(normalised(email)), database_url)


@operator.group(cls=Verbs)
def token() -> None:
    """Tokens with which scripts act as operators."""


@token.command("create")
@click.option("--description", default="made on the command line", show_default=True, help="A note to find it by.")
@click.option(
    "--expires-in",
    type=click.IntRange(1, LONGEST_VALIDITY_SECONDS),
    metavar="SECONDS",
    help="When it expires. [default: never]",
)
@data_option
@database_option
@json_option
def create_token(description: str, expires_in: int | None, data: Path, database_url: str, *, as_json: bool) -> None:
    """Make a token. It is shown this once; send it in the header Authorization."""
    expires_at = None if expires_in is None else int(time.time()) + expires_in

    async def make(accounts: Accounts) -> dict[str, object]:
        secret, kept = await accounts.operation.operators.make_token(description, expires_at)
        return {"token": secret, "token_id": kept.id}

    show(with_accounts(data, make, database_url, begins=True), as_json=as_json)


@token.command("remove")
@click.argument("token_id")
@data_option
@database_option
def remove_token(token_id: str, data: Path, database_url: str) -> None:
    """Make a token useless at once."""
    with_accounts(data, lambda accounts: accounts.operation.operators.revoke_token(token_id), database_url)
