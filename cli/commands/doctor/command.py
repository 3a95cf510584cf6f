"""The command."""

import asyncio
import json
import os
import sys
from dataclasses import asdict
from typing import NoReturn

import click

from cli.commands.doctor import certificate, database, processes, store
from cli.commands.doctor.finding import Finding
from cli.commands.doctor.variables import DoctorVariables
from cli.refusals import told_in_a_sentence
from cli.variables.base import variable

REDIS_URL = variable("redis_url")
SERIOUS = 9
"""The exit code where something is wrong."""


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
@click.option("--compat", "compatibility", is_flag=True, help="Try the contract of the SDKs against an endpoint.")
@click.option(
    "--endpoint",
    envvar="TIDINGS_ENDPOINT",
    default="http://127.0.0.1:8080",
    show_default=True,
    help="With --compat: a URL, or a host name before which SDKs put `cache.` and so on.",
)
@click.option("--api-key", envvar="TIDINGS_API_KEY", help="With --compat: an owner's. [default: $TIDINGS_API_KEY]")
def doctor(endpoint: str, api_key: str | None, *, as_json: bool, compatibility: bool) -> None:
    """Check a deployment, and say what to do about what is wrong.

    Reads TIDINGS_REDIS_URL as the tiers do; also TIDINGS_DATABASE_URL, TIDINGS_TLS_CERT and
    TIDINGS_LINK_CERT where they are set. Exits with 0 where there is no error, with 9 otherwise.

    With --compat it is a client of any deployment, own or another, and tries what the published SDKs rely on, in a
    cache that it makes and deletes. It reads no variables of the tiers.
    """
    if compatibility:
        _try(endpoint, api_key, as_json=as_json)
    if not os.environ.get(REDIS_URL):
        raise click.UsageError(
            f"it looks at a fleet, and {REDIS_URL} says at which one; a service of one machine tells at /readyz how it"
            " stands, and --compat tries any service"
        )
    with told_in_a_sentence():
        variables = DoctorVariables.read()
    findings = asyncio.run(_look(variables))
    if as_json:
        click.echo(json.dumps([asdict(finding) for finding in findings], indent=2))
    else:
        for finding in findings:
            click.echo(str(finding))
    sys.exit(SERIOUS if any(finding.level == "error" for finding in findings) else 0)


def _try(endpoint: str, api_key: str | None, *, as_json: bool) -> NoReturn:
    # A client of gRPC and the contract's messages take a while to import, and the other checks need neither.
    from cli.compatibility.report import as_json as json_of  # noqa: PLC0415
    from cli.compatibility.report import as_text  # noqa: PLC0415
    from cli.compatibility.run import rows_of  # noqa: PLC0415

    if api_key is None:
        raise click.UsageError("--compat needs --api-key, or TIDINGS_API_KEY")
    rows = rows_of(endpoint, api_key)
    click.echo(json_of(rows) if as_json else as_text(rows, endpoint))
    sys.exit(SERIOUS if any(row.outcome == "failed" for row in rows) else 0)


async def _look(variables: DoctorVariables) -> list[Finding]:
    looks = (store.look, processes.look, database.look, certificate.look)
    return [finding for found in [await look(variables) for look in looks] for finding in found]
