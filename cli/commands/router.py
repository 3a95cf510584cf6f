"""`tidings router`: one router of a fleet."""

import click

from cli.tiers.hosted_tier import run
from cli.variables.tiers import RouterVariables


@click.command()
def router() -> None:
    """Run one router of a fleet, configured by TIDINGS_* variables (docs/settings.md).

    Prints one line `ready http://HOST:PORT` when it has heard of a storage node and of the signing keys. SIGTERM ends
    its streams one after the other and then the process, SIGQUIT ends it at once, SIGHUP restarts it without a failed
    call.
    """
    run(RouterVariables, "cli.tiers.router_tier:app")
