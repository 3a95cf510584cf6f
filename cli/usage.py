"""`tidings usage`: proves what was used."""

import json
from pathlib import Path

import click

from accounts.batches.verifying import Verdict, Verifier
from cli.accounts_access import data_option, database_option, json_option, with_database


@click.group()
def usage() -> None:
    """Prove what was used."""


@usage.command()
@data_option
@database_option
@json_option
def verify(data: Path, database_url: str, *, as_json: bool) -> None:
    """Add everything up again from the batches of routers.

    Names each batch that is missing or altered and each sum that is not that of its batches; then the exit status is 1.
    """
    verdict = with_database(data, database_url, lambda database: Verifier(database).verify())
    if as_json:
        click.echo(json.dumps(_fields(verdict)))
    else:
        _print(verdict)
    if not verdict.is_clean:
        raise SystemExit(1)


def _fields(verdict: Verdict) -> dict[str, object]:
    return {
        "clean": verdict.is_clean,
        "batches": verdict.batches,
        "boots": verdict.boots,
        "minutes": verdict.minutes,
        "findings": [
            {"what": finding.what, "where": finding.where, "detail": finding.detail} for finding in verdict.findings
        ],
        "open_boots": verdict.open_boots,
    }


def _print(verdict: Verdict) -> None:
    for finding in verdict.findings:
        click.echo(str(finding))
    for boot in verdict.open_boots:
        click.echo(f"note: boot {boot} has not said that it ended; it runs, or what it counted last is lost")
    state = "clean" if verdict.is_clean else f"{len(verdict.findings)} findings"
    click.echo(f"{state}: {verdict.batches} batches of {verdict.boots} boots, {verdict.minutes} minutes with usage")
