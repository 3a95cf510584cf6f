"""`tidings account`: accounts without a browser."""

import sys
from pathlib import Path

import click

from accounts.tenants.plans import OPEN, PLANS
from cli.commands.accounts_access import data_option, database_option, json_option, show, with_accounts
from cli.commands.verbs import Verbs


@click.group(cls=Verbs)
def account() -> None:
    """Make accounts without a browser."""


@account.command()
@click.argument("email")
@click.option("--name", help="The account's name. [default: the e-mail]")
@click.option("--password", help="The owner's password; others may see it in the list of processes.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@click.option("--plan", type=click.Choice(list(PLANS)), default=OPEN, show_default=True, help="Which limits it has.")
@data_option
@database_option
@json_option
def create(
    email: str,
    name: str | None,
    password: str | None,
    plan: str,
    data: Path,
    database_url: str,
    *,
    password_stdin: bool,
    as_json: bool,
) -> None:
    """Make an account whose owner logs in with EMAIL."""
    if password_stdin:
        password = sys.stdin.readline().rstrip("\n")
    if password is None:
        if not sys.stdin.isatty():
            raise click.UsageError("without a terminal to ask for the password: give --password-stdin")
        password = str(click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))
    secret = password
    made = with_accounts(
        data, lambda accounts: accounts.users.sign_up(email, secret, name or email, plan), database_url, begins=True
    )
    show({"account_id": made.account_id, "user_id": made.user_id}, as_json=as_json)
