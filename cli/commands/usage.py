"""`tidings usage`: proves what was used and what was billed of it, and exports it."""

import json
from collections.abc import Callable
from itertools import chain, islice
from pathlib import Path
from typing import get_args

import click

from accounts.batches.archive import batches
from accounts.batches.chain import Finding
from accounts.batches.consumer import BATCHES_AT_ONCE
from accounts.batches.service import Batches
from accounts.batches.verifying import Verdict, Verifier
from accounts.clocks.service import Clocks
from accounts.component import Accounts
from accounts.database import Database
from accounts.exports.service import UsageFormat
from accounts.exports.usage import Granularity
from accounts.invoices.proving import Proof, Proofs
from accounts.paging import MOST, PageRequest
from accounts.reconciliation.schemas import ReconciliationInfo
from accounts.reconciliation.service import Reconciliation
from accounts.usage.service import Usage
from backplane.witnesses import MemoryWitnesses
from cli.commands.accounts_access import data_option, database_option, json_option, with_accounts, with_database
from cli.commands.export_output import RowsWritten, written_to
from cli.commands.verbs import Verbs
from cli.refusals import told_in_a_sentence
from cli.variables.billing import BillingVariables


@click.group(cls=Verbs)
def usage() -> None:
    """Prove and export what was used."""


@usage.command()
@click.option("--invoice", metavar="NUMBER", help="Prove this invoice instead, named by its number or its id.")
@data_option
@database_option
@json_option
def verify(data: Path, database_url: str, *, invoice: str | None, as_json: bool) -> None:
    """Add everything up again from the batches of routers.

    Names each batch that is missing or altered and each sum that is not that of its batches; with --invoice, each
    quantity that an invoice charges and its batches do not say, and each amount that is wrong. Then the exit status is
    1.
    """
    if invoice is None:
        verdict = with_database(data, database_url, lambda database: Verifier(database).verify())
        _tell(verdict.findings, lambda: _fields(verdict), lambda: _notes(verdict), as_json=as_json)
        return
    with told_in_a_sentence():
        settings = BillingVariables.read().billing
    proof = with_database(data, database_url, lambda database: Proofs(database, settings).prove(invoice))
    _tell(proof.findings, lambda: _proof_fields(proof), lambda: _proof_notes(proof), as_json=as_json)


@usage.command()
@click.argument("account")
@click.option("--from", "start", help="A date or a time; local without a zone. [default: the beginning of this month]")
@click.option("--to", "end", help="Where it ends; a step that runs then is left out. [default: now]")
@click.option("--granularity", type=click.Choice(get_args(Granularity)), default="hour", show_default=True)
@click.option("--format", "form", type=click.Choice(get_args(UsageFormat)), default="csv", show_default=True)
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="A file, there when it is whole. [default: standard output]",
)
@click.option(
    "--progress/--no-progress", default=None, help="Say how it goes on standard error. [default: on a terminal]"
)
@data_option
@database_option
def export(  # noqa: PLR0913 - one parameter for each option
    account: str,
    start: str | None,
    end: str | None,
    granularity: Granularity,
    form: UsageFormat,
    output: Path | None,
    data: Path,
    database_url: str,
    *,
    progress: bool | None,
) -> None:
    """Write what ACCOUNT has used to standard output, or to a file.

    ACCOUNT is the id of an account, or the e-mail of somebody who logs in to it. The files are those of
    GET /v1/exports/usage.
    """
    rows = RowsWritten(shown=progress)

    async def write(accounts: Accounts) -> None:
        exports = accounts.finance.exports
        account_id = await accounts.users.account_of(account) if "@" in account else account
        if not await exports.has_usage(account_id):  # usage outlives its account
            await accounts.people.tenants.describe(account_id)
        first, last = await exports.times(account_id, start, end)
        file = exports.usage(account_id, first, last, granularity, form)
        with written_to(output) as write:
            async for piece in file.stream(rows.wrote):
                write(piece)

    with_accounts(data, write, database_url)
    rows.end()


@usage.command()
@click.argument("folders", type=click.Path(exists=True, file_okay=False, path_type=Path), nargs=-1, required=True)
@data_option
@database_option
def replay(folders: tuple[Path, ...], data: Path, database_url: str) -> None:
    """Apply what is in archives of usage (TIDINGS_USAGE_ARCHIVE), after a backup was restored.

    Whatever was applied already counts once, so it does no harm to do it twice.
    """
    found = chain.from_iterable(batches(folder) for folder in folders)

    async def apply(database: Database) -> tuple[int, int]:
        service, new, repeated = Batches(database, Usage(), Clocks(), used=lambda _: None), 0, 0
        while some := list(islice(found, BATCHES_AT_ONCE)):
            applied = await service.apply(some)
            new, repeated = new + applied.new, repeated + applied.repeated
        return new, repeated

    new, repeated = with_database(data, database_url, apply)
    click.echo(f"{new} batches were applied; {repeated} had been before")


@usage.command()
@click.option("--hours", type=click.IntRange(1, MOST), default=24, show_default=True, help="The newest of them.")
@click.option("--so-far", is_flag=True, help="Also the hour that runs, and one that is not settled yet.")
@data_option
@database_option
@json_option
def reconcile(data: Path, database_url: str, *, hours: int, so_far: bool, as_json: bool) -> None:
    """Compare what was billed with what storage nodes stored and edges sent.

    One line for each hour that has ended. Where more differs in one of them than was under way at its end, the exit
    status is 1.
    """

    async def compared(database: Database) -> list[ReconciliationInfo]:
        reconciliation = Reconciliation(database, MemoryWitnesses())
        await reconciliation.run()
        reports = list((await reconciliation.page(PageRequest(hours))).items)
        if so_far:
            reports = [*await reconciliation.so_far(), *reports]
        return list(map(ReconciliationInfo.of, reports))

    found = with_database(data, database_url, compared)
    if as_json:
        click.echo(json.dumps({"hours": [hour.model_dump() for hour in found]}))
    else:
        for line in map(_compared, found):
            click.echo(line)
        click.echo(f"{len(found)} hours compared")
    if any(hour.outcome == "different" for hour in found):
        raise SystemExit(1)


def _compared(hour: ReconciliationInfo) -> str:
    publishes = f"publishes {hour.publishes_billed} billed, {hour.publishes_stored} stored"
    size = f"bytes {hour.publish_bytes_billed} billed, {hour.publish_bytes_stored} stored"
    sent = "" if hour.bytes_sent is None else f", {hour.bytes_sent} sent"
    deliveries = f"deliveries {hour.deliveries_billed}, bytes {hour.delivery_bytes_billed} billed{sent}"
    whose = [each.account_id or "all accounts' deliveries" for each in hour.findings]
    notes = [
        *(f"different: {account}" for account in whose),
        *(f"ended without a word: {who}" for who in hour.vanished),
    ]
    return "; ".join([f"{hour.hour} {hour.outcome}: {publishes}", size, deliveries, *notes])


def _tell(
    findings: list[Finding], fields: Callable[[], dict[str, object]], notes: Callable[[], list[str]], *, as_json: bool
) -> None:
    """Print what came of it, and end with a status that says so."""
    if as_json:
        told = [{"what": finding.what, "where": finding.where, "detail": finding.detail} for finding in findings]
        click.echo(json.dumps({"clean": not findings, **fields(), "findings": told}))
    else:
        for line in [*map(str, findings), *notes()]:
            click.echo(line)
    if findings:
        raise SystemExit(1)


def _state(findings: list[Finding]) -> str:
    return f"{len(findings)} findings" if findings else "clean"


def _fields(verdict: Verdict) -> dict[str, object]:
    return {
        "batches": verdict.batches,
        "boots": verdict.boots,
        "minutes": verdict.minutes,
        "open_boots": verdict.open_boots,
    }


def _notes(verdict: Verdict) -> list[str]:
    notes = [
        f"note: boot {boot} has not said that it ended; it runs, or what it counted last is lost"
        for boot in verdict.open_boots
    ]
    counted = f"{verdict.batches} batches of {verdict.boots} boots, {verdict.minutes} minutes with usage"
    return [*notes, f"{_state(verdict.findings)}: {counted}"]


def _proof_fields(proof: Proof) -> dict[str, object]:
    return {"invoice": proof.invoice, "total": proof.total, "batches": proof.batches, "late": proof.late}


def _proof_notes(proof: Proof) -> list[str]:
    notes = [f"note: {proof.late} batches came later; what they add is on a later invoice"] if proof.late else []
    return [*notes, f"{_state(proof.findings)}: {proof.invoice} over {proof.total}, from {proof.batches} batches"]
