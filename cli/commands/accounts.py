"""`tidings accounts`: the account service of a fleet."""

import click

from cli.tiers.hosted_tier import run
from cli.variables.tiers import AccountsVariables


@click.command()
def accounts() -> None:
    """Run the account service of a fleet, configured by TIDINGS_* variables (docs/settings.md).

    Prints one line `ready http://HOST:PORT` when it has reached its database and Redis. SIGTERM ends it when its calls
    are answered, SIGQUIT ends it at once, SIGHUP restarts it without a failed call.
    """
    run(AccountsVariables, "cli.tiers.accounts_tier:app")
