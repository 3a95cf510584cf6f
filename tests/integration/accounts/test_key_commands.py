"""`tidings key list`, `revoke` and `rotate`, on SQLite and Postgres, and what a service that runs makes of it."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from accounts.audit import SYSTEM
from cli.commands.key import key
from tests.integration.accounts.installation import Installation, Refused, Tenant

UNAUTHENTICATED = 16
SEEN_WITHIN_SECONDS = 30.0
"""A second, and slack for a machine that has other work."""


class Command:
    """`tidings key` on the installation of a test."""

    def __init__(self, tmp_path: Path, database_url: str) -> None:
        self._place = ["--data", str(tmp_path), "--database-url", database_url]

    async def __call__(self, *words: str, code: int = 0) -> str:
        """Run it, in a thread because it has a loop of its own, and return what it prints."""
        result = await asyncio.to_thread(CliRunner().invoke, key, [*words, *self._place])
        assert result.exit_code == code, result.output
        assert "Traceback" not in result.output
        return result.output

    async def json(self, *words: str) -> Any:
        return json.loads(await self(*words, "--json"))


@pytest.fixture
def command(tmp_path: Path, database_url: str) -> Command:
    return Command(tmp_path, database_url)


@pytest.fixture
async def ada(here: Installation) -> Tenant:
    return await here.tenant()


async def refused(here: Installation, api_key: str) -> None:
    """Wait until a key is refused."""
    async with asyncio.timeout(SEEN_WITHIN_SECONDS):
        while await status(here, api_key) != UNAUTHENTICATED:
            await asyncio.sleep(0.01)


async def status(here: Installation, api_key: str) -> int | None:
    try:
        await here.list_caches(api_key)
    except Refused as error:
        return error.status
    return 0


async def test_keys_are_listed(here: Installation, ada: Tenant, command: Command) -> None:
    _, second = await here.accounts.keys.generate(ada.id, SYSTEM, "viewer", "the chat's back end", 2**40)
    listed = (await command.json("list", ada.email))["api_keys"]
    assert {each["key_id"]: each["role_id"] for each in listed} == {ada.key_id: "owner", second.id: "viewer"}
    text = await command("list", ada.email)
    assert ada.key not in text
    assert f"{ada.key_id}  role owner  never expires  never used\n" in text
    assert "the chat's back end" in text


async def test_more_keys_than_a_page_holds_are_listed(here: Installation, ada: Tenant, command: Command) -> None:
    async with here.rest(authorization=ada.key) as client:
        limits = (await client.get("/v1/limits")).json()["limits"]
    most = min(next(limit["value"] for limit in limits if limit["name"] == "api_keys"), 120)
    for _ in range(most - 1):
        await here.accounts.keys.generate(ada.id, SYSTEM, "viewer", "", None)
    assert len((await command.json("list", ada.email))["api_keys"]) == most


async def test_a_key_is_revoked(here: Installation, ada: Tenant, command: Command) -> None:
    await here.list_caches(ada.key)
    await command("revoke", ada.email, ada.key_id)
    await refused(here, ada.key)
    assert "has no API keys" in await command("list", ada.email)
    assert "api_key.revoked" in await here.rows()
    await command("revoke", ada.email, ada.key_id)


async def test_a_key_is_rotated(here: Installation, ada: Tenant, command: Command) -> None:
    made = await command.json("rotate", ada.email, ada.key_id, "--overlap", "0")
    assert made["role_id"] == "owner"
    await here.list_caches(made["api_key"])
    await refused(here, ada.key)
    (left,) = (await command.json("list", ada.email))["api_keys"]
    assert left["key_id"] == made["key_id"]
    assert "was replaced by" in await command("rotate", ada.email, ada.key_id, code=1)


async def test_what_is_not_there_is_said_in_a_sentence(here: Installation, ada: Tenant, command: Command) -> None:
    bob = await here.tenant("bob")
    for verb in ("revoke", "rotate"):
        assert "API key 'key_no' does not exist" in await command(verb, ada.email, "key_no", code=1)
        assert "does not exist" in await command(verb, ada.email, bob.key_id, code=1)
        assert "nobody has signed up as 'x@example.com'" in await command(verb, "x@example.com", ada.key_id, code=1)
    assert "nobody has signed up" in await command("list", "x@example.com", code=1)
    await here.list_caches(bob.key)
