"""`tidings billing`: what an operator does without a browser, on the data folder or the database of a fleet."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from cli.commands.account import account
from cli.commands.billing import billing
from cli.commands.operator import operator
from cli.commands.usage import usage

FEBRUARY, MARCH = 1832976000, 1835481600


@pytest.fixture
def data(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    if database_url.startswith("postgres"):
        monkeypatch.setenv("TIDINGS_DATABASE_URL", database_url)
    sign_up = ["create", "ada@example.com", "--password-stdin", "--data", str(tmp_path)]
    made = CliRunner().invoke(operator, sign_up, "correct horse battery\n")
    assert made.exit_code == 0, made.output
    return tmp_path


def run(data: Path, *arguments: str) -> Any:
    result = CliRunner().invoke(billing, [*arguments, "--data", str(data)])
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def refused(data: Path, *arguments: str) -> str:
    result = CliRunner().invoke(billing, [*arguments, "--data", str(data)])
    assert result.exit_code != 0
    return result.output


def test_a_month_is_billed_from_the_command_line(data: Path) -> None:
    file = data / "plan.json"
    file.write_text('{"plan_id": "flat", "name": "Flat", "currency": "JPY", "minimum": "500", "prices": []}')
    assert run(data, "plan", str(file))["version"] == 1
    assert run(data, "plan", str(file))["version"] == 2
    run(data, "clock", "ada@example.com", str(FEBRUARY))
    given = run(data, "assign", "ada@example.com", "flat", "--version", "1", "--when", "next-month")
    assert (given["version"], given["since_epoch_seconds"]) == (1, MARCH)
    run(data, "credit", "ada@example.com", "100", "JPY", "--reason", "welcome")
    run(data, "adjust", "ada@example.com", "-50", "JPY", "--reason", "an outage")
    run(data, "tax", "ada@example.com", "0.10", "--name", "VAT")
    (first, *_) = run(data, "clock", "ada@example.com", str(MARCH))["invoices"]
    (invoice,) = run(data, "clock", "ada@example.com", str(MARCH + 31 * 86400))["invoices"]
    assert run(data, "pay", invoice, "--reference", "cash")["total"] == "385"
    assert "is paid already" in refused(data, "pay", invoice)
    proof = CliRunner().invoke(usage, ["verify", "--invoice", invoice, "--json", "--data", str(data)])
    assert (proof.exit_code, json.loads(proof.stdout)["clean"]) == (0, True)
    note = run(data, "void", invoice, "--reason", "wrong name", "--bill-again")
    assert (note["kind"], note["total"], first != invoice) == ("credit_note", "-385", True)


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("assign", "nobody@example.com", "free"), "nobody has signed up"),
        (("assign", "ada@example.com", "none"), "does not exist"),
        (("credit", "ada@example.com", "x", "USD", "--reason", "r"), "is no number"),
        (("credit", "ada@example.com", "0.001", "USD", "--reason", "r"), "cannot be paid"),
        (("tax", "ada@example.com", "2"), "a rate is from 0 to 1"),
        (("customer", "ada@example.com", "cus_1"), "no payment provider is set up"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(data: Path, arguments: tuple[str, ...], problem: str) -> None:
    assert problem in refused(data, *arguments)


def test_an_account_is_made_where_the_installation_has_its_accounts(data: Path) -> None:
    arguments = ["create", "bob@example.com", "--password-stdin", "--json", "--data", str(data)]
    made = CliRunner().invoke(account, arguments, "correct horse battery\n")
    assert made.exit_code == 0, made.output
    assert run(data, "clock", "bob@example.com", str(FEBRUARY))["invoices"] == []
    is_fleet = "TIDINGS_DATABASE_URL" in os.environ
    assert (data / "tidings.db").exists() != is_fleet
    again = CliRunner().invoke(account, arguments, "correct horse battery\n")
    assert again.exit_code != 0
