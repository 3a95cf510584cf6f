"""`tidings storage`: one storage node of a fleet."""

import click

from cli.imports import imports
from cli.refusals import told_in_a_sentence
from cli.variables.tiers import StorageVariables, tell_of_misspelt_variables


@click.command()
def storage() -> None:
    """Run one storage node of a fleet, configured by TIDINGS_* variables (docs/settings.md).

    Prints one line `ready HOST:PORT` when routers can use it. SIGTERM hands its topics over and ends it; a second one
    ends it at once.
    """
    with told_in_a_sentence():
        tell_of_misspelt_variables()
        variables = StorageVariables.read()
        with imports():
            from cli.tiers.storage_tier import run  # noqa: PLC0415  a wrong variable needs none of it

        run(variables)
