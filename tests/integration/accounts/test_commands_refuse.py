"""Commands of whoever operates the installation, used wrongly: each says what to do, and makes nothing."""

import json
import re
import socket
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli.main import COMMANDS, main
from tests.integration.accounts.installation import PASSWORD


def tidings(*arguments: str, stdin: str = "") -> Result:
    return CliRunner().invoke(main, arguments, stdin)


def begin(folder: Path) -> dict[str, str]:
    made = tidings("operator", "create", "ada@example.com", "--password-stdin", "--data", str(folder), stdin=PASSWORD)
    assert made.exit_code == 0, made.output
    return dict(line.split(": ") for line in made.output.splitlines())


@pytest.mark.parametrize(
    "words",
    [
        ("key", "list", "ada@example.com"),
        ("key", "create", "ada@example.com"),
        ("keys", "list"),
        ("keys", "rotate"),
        ("operator", "list"),
        ("usage", "export", "ada@example.com"),
        ("billing", "pay", "inv_1"),
    ],
)
def test_a_folder_without_an_installation_stays_as_it_is(tmp_path: Path, words: tuple[str, ...]) -> None:
    result = tidings(*words, "--data", str(tmp_path))
    assert result.exit_code == 1
    assert "there is no installation in" in result.output
    assert list(tmp_path.iterdir()) == []


def test_a_database_that_does_not_answer_is_one_sentence(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))  # and nobody listens there
        url = f"postgresql+psycopg://u:hush@127.0.0.1:{free.getsockname()[1]}/accounts"
        for words in (("key", "list", "ada@example.com"), ("usage", "verify")):
            result = tidings(*words, "--database-url", url, "--data", str(tmp_path))
            assert result.exit_code == 1
            assert result.output.startswith("Error: the database cannot be used: ")
            assert result.output.count("\n") == 1
            assert "hush" not in result.output


def test_a_url_that_cannot_be_one_is_not_shown(tmp_path: Path) -> None:
    result = tidings("key", "list", "ada@example.com", "--database-url", "mysql://u:hush@db", "--data", str(tmp_path))
    assert result.exit_code == 2
    assert "it must be postgresql+psycopg://" in result.output
    assert "hush" not in result.output


def test_usage_of_an_account_that_is_not_there_is_refused(tmp_path: Path) -> None:
    begin(tmp_path)
    result = tidings("usage", "export", "acc_nobody", "--data", str(tmp_path))
    assert result.exit_code == 1
    assert "the account does not exist" in result.output


def test_what_is_wrong_with_a_plan_is_told_field_by_field(tmp_path: Path) -> None:
    begin(tmp_path)
    file = tmp_path / "plan.json"
    file.write_text(json.dumps({"plan_id": "gold", "name": "Gold", "currency": "EUR", "prices": 3}))
    result = tidings("billing", "plan", str(file), "--data", str(tmp_path))
    assert result.output.splitlines() == ["Error: the plan cannot be read", "  prices: Input should be a valid array"]
    file.write_text("{")
    assert "pydantic" not in tidings("billing", "plan", str(file), "--data", str(tmp_path)).output


def test_a_credit_below_zero_is_told_from_an_option(tmp_path: Path) -> None:
    begin(tmp_path)
    words = ("billing", "credit", "ada@example.com", "-10", "EUR", "--reason", "x", "--data", str(tmp_path))
    assert "an adjustment may be below" in tidings(*words).output


def test_a_key_that_would_outlive_the_calendar_is_refused(tmp_path: Path) -> None:
    begin(tmp_path)
    words = ("key", "create", "ada@example.com", "--expires-in", "99999999999999", "--data", str(tmp_path))
    result = tidings(*words)
    assert result.exit_code == 2
    assert "is not in the range" in result.output


def test_operators_and_their_tokens_are_listed_a_line_each(tmp_path: Path) -> None:
    user_id = begin(tmp_path)["user_id"]
    made = tidings("operator", "token", "create", "--data", str(tmp_path), "--description", "nightly", "--json")
    token_id = json.loads(made.output)["token_id"]
    assert tidings("operator", "list", "--data", str(tmp_path)).output.splitlines() == [
        f"ada@example.com  {user_id}",
        f"{token_id}  never expires  nightly",
    ]


def test_moments_are_for_people_unless_they_are_for_programs(tmp_path: Path) -> None:
    for folder in (tmp_path / "a", tmp_path / "b"):
        begin(folder)
    shown = tidings("keys", "rotate", "--data", str(tmp_path / "a")).output
    assert re.search(r"^signs_from: \d{4}-\d\d-\d\dT[\d:]+Z$", shown, re.MULTILINE)
    told = json.loads(tidings("keys", "rotate", "--data", str(tmp_path / "b"), "--json").output)
    assert isinstance(told["signs_from"], int)


@pytest.mark.parametrize("name", COMMANDS)
def test_no_sentence_of_a_help_is_cut(name: str) -> None:
    assert not any(line.endswith("...") for line in tidings(name, "--help").output.splitlines()[1:])
