"""The command."""

import asyncio
import json
import sys
from dataclasses import asdict

import click

from cli.doctor import certificate, database, processes, store
from cli.doctor.finding import Finding
from cli.doctor.settings import DoctorVariables
from cli.refusals import told_in_a_sentence

SERIOUS = 9
"""The exit code where something is wrong."""


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
def doctor(*, as_json: bool) -> None:
    """Check a deployment, and say what to do about what is wrong.

    Reads TIDINGS_REDIS_URL as the tiers do; also TIDINGS_DATABASE_URL and TIDINGS_TLS_CERT where they are set. Exits
    with 0 where there is no error, with 9 otherwise.
    """
    with told_in_a_sentence():
        variables = DoctorVariables.read()
    findings = asyncio.run(_look(variables))
    if as_json:
        click.echo(json.dumps([asdict(finding) for finding in findings], indent=2))
    else:
        for finding in findings:
            click.echo(str(finding))
    sys.exit(SERIOUS if any(finding.level == "error" for finding in findings) else 0)


async def _look(variables: DoctorVariables) -> list[Finding]:
    looks = (store.look, processes.look, database.look, certificate.look)
    return [finding for found in [await look(variables) for look in looks] for finding in found]
