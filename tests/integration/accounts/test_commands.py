"""`tidings account` and `tidings key` on a data folder, with and without a service that runs on it."""

import asyncio
import json
import sqlite3
import stat
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from accounts.component import Accounts, AccountsSettings
from api.tokens import unpack_credential
from backplane.memory import MemoryDirectory
from cli.commands.account import account
from cli.commands.key import key
from cli.commands.keys import keys
from cli.commands.operator import operator
from tests.integration.accounts.installation import PASSWORD, Installation, Refused

SEEN_WITHIN_SECONDS = 1.0
SLACK_SECONDS = 29.0
"""For a machine that has other work, or stands still for a while."""


def run(command: Any, *arguments: str, data: Path, stdin: str = "") -> dict[str, str]:
    result = CliRunner().invoke(
        command, ["create", "ada@example.com", *arguments, "--data", str(data), "--json"], stdin
    )
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_an_account_and_its_key_are_made_without_a_service(tmp_path: Path) -> None:
    made = run(account, "--password-stdin", data=tmp_path, stdin=f"{PASSWORD}\n")
    assert set(made) == {"account_id", "user_id"}
    owned = run(key, data=tmp_path)
    assert (owned["account_id"], owned["role_id"]) == (made["account_id"], "owner")
    for path in tmp_path.rglob("*"):
        assert not stat.S_IMODE(path.stat().st_mode) & 0o077, path


def test_a_super_users_key_is_given_raw_and_packed(tmp_path: Path) -> None:
    run(account, "--password", PASSWORD, data=tmp_path)
    made = run(key, "--super-user", "--endpoint", "tidings.test", data=tmp_path)
    assert unpack_credential(made["packed"]) == made["api_key"]


@pytest.mark.parametrize(
    ("command", "arguments", "problem"),
    [
        (account, ["create", "no e-mail", "--password", PASSWORD], "e-mail"),
        (account, ["create", "ada@example.com", "--password", "short"], "password"),
        (account, ["create", "ada@example.com"], "--password-stdin"),
        (key, ["create", "nobody@example.com"], "nobody@example.com"),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence(tmp_path: Path, command: Any, arguments: list[str], problem: str) -> None:
    run(operator, "--password-stdin", data=tmp_path, stdin=f"{PASSWORD}\n")
    result = CliRunner().invoke(command, [*arguments, "--data", str(tmp_path)])
    assert result.exit_code in (1, 2)
    assert problem in result.output
    assert "Traceback" not in result.output


async def test_a_running_service_sees_a_new_account_and_key(tmp_path: Path) -> None:
    directory = MemoryDirectory()
    service = Accounts(AccountsSettings(tmp_path, "tidings.test"), directory)
    await service.start()
    here = Installation(service, directory)
    try:
        await asyncio.to_thread(run, account, "--password", PASSWORD, data=tmp_path)
        made = [
            await asyncio.to_thread(run, key, *options, data=tmp_path)
            for options in ([], ["--super-user"], ["--session"])
        ]
        began = time.monotonic()
        for each in made:
            await served(here, each["api_key"])
        assert time.monotonic() - began < SEEN_WITHIN_SECONDS + SLACK_SECONDS
    finally:
        await service.close()


async def served(here: Installation, token: str) -> None:
    """Wait until a token is known."""
    async with asyncio.timeout(SEEN_WITHIN_SECONDS + SLACK_SECONDS):
        while True:
            try:
                await here.list_caches(token)
            except Refused:
                await asyncio.sleep(0)
            else:
                return


def test_operators_are_appointed_listed_and_dismissed(tmp_path: Path) -> None:
    def told(*arguments: str, stdin: str = "", code: int = 0) -> str:
        result = CliRunner().invoke(operator, [*arguments, "--data", str(tmp_path)], stdin)
        assert result.exit_code == code, result.output
        return result.output

    assert "nobody has signed up as 'root@example.com'" in told("create", "root@example.com", code=1)
    made = json.loads(told("create", "Root@Example.com", "--password-stdin", "--json", stdin=f"{PASSWORD}\n"))
    assert json.loads(told("create", "root@example.com", "--json")) == made
    token = json.loads(told("token", "create", "--description", "backups", "--expires-in", "60", "--json"))
    assert token["token"].startswith("tdop_")
    listed = json.loads(told("list", "--json"))
    assert listed["operators"] == [{"user_id": made["user_id"], "email": "root@example.com"}]
    assert [(each["token_id"], each["description"]) for each in listed["tokens"]] == [(token["token_id"], "backups")]
    told("remove", "root@example.com")
    told("token", "remove", token["token_id"])
    assert json.loads(told("list", "--json")) == {"operators": [], "tokens": []}
    assert "is not an operator" in told("remove", "root@example.com", code=1)


def on_keys(folder: Path, *arguments: str, code: int = 0) -> str:
    result = CliRunner().invoke(keys, [*arguments, "--data", str(folder)])
    assert (result.exit_code, "Traceback" in result.output) == (code, False), result.output
    return result.output


def test_signing_keys_are_rotated_listed_and_retired_without_a_service(tmp_path: Path) -> None:
    made = run(account, "--password", PASSWORD, data=tmp_path)
    owned = run(key, data=tmp_path)
    run(key, "--super-user", data=tmp_path)
    run(key, "--session", data=tmp_path)
    (old,) = json.loads(on_keys(tmp_path, "list", "--json"))
    assert (old["state"], old["api_keys"], old["other_tokens"]) == ("signing", 2, 1)
    new = json.loads(on_keys(tmp_path, "rotate", "--signs-in", "600", "--json"))
    assert "is about to sign" in on_keys(tmp_path, "rotate", code=1)
    assert "rotate first" in on_keys(tmp_path, "retire", old["kid"], "--force", code=1)
    with closing(sqlite3.connect(tmp_path / "tidings.db")) as database:
        database.execute("UPDATE token_signing_key SET signs_from = signs_from - 600")
        database.commit()
    listed = on_keys(tmp_path, "list").splitlines()
    assert listed[0].startswith(f"{old['kid']}  verifying from ")
    assert listed[0].endswith("needed for ever: 2 API keys, 1 other tokens")
    assert listed[1].startswith(f"{new['kid']}  signing from ")
    refused = on_keys(tmp_path, "retire", old["kid"], code=1).splitlines()
    assert "has signed 2 API keys and 1 other tokens that may hold" in refused[0]
    assert any(f"api_key {owned['key_id']}, account_id {made['account_id']}" in line for line in refused[1:3])
    assert f"tokens 1, account_id {made['account_id']}, until never" in refused[3]
    on_keys(tmp_path, "retire", old["kid"], "--force")
    assert [each["kid"] for each in json.loads(on_keys(tmp_path, "list", "--json"))] == [new["kid"]]
    assert "does not exist" in on_keys(tmp_path, "retire", old["kid"], code=1)


def test_a_command_without_the_master_key_of_the_services_says_so(tmp_path: Path) -> None:
    run(account, "--password", PASSWORD, data=tmp_path)
    (tmp_path / "master.key").unlink()
    said = on_keys(tmp_path, "rotate", code=1)
    assert "TIDINGS_MASTER_KEY" in said
