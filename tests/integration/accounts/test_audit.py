"""The audit log: who changed what, from where, and that nobody changes the log."""

import csv
import io
import json
from typing import Any

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from accounts.audit import SYSTEM, record
from accounts.audit.log import EXPORT_ROWS
from tests.integration.accounts.installation import PASSWORD, Installation


async def entries(here: Installation) -> list[dict[str, Any]]:
    async with here.accounts.database.reading() as session:
        rows = await session.execute(text("SELECT * FROM audit_entry ORDER BY id"))
        return [dict(row) for row in rows.mappings()]


async def test_a_change_is_noted_with_who_and_from_where(here: Installation) -> None:
    ada = await here.tenant()
    async with here.rest(authorization=ada.key) as program, here.rest() as browser:
        made = await program.post("/v1/caches", json={"name": "chat"}, headers={"x-request-id": "mine"})
        assert (made.status_code, made.headers["x-request-id"]) == (201, "mine")
        made = await browser.post("/v1/login", json={"email": ada.email, "password": PASSWORD})
        assert (await browser.delete("/v1/caches/chat")).status_code == 204
    await here.create_cache(ada.key, "rooms")
    beside = {"session.begun", "token_signing_key.made"}
    found = [entry for entry in await entries(here) if entry["action"] not in beside]
    noted = [(e["action"], e["actor_kind"], e["actor_id"], e["target"], e["account_id"]) for e in found]
    assert noted == [
        ("account.created", "system", "tidings", ada.id, ada.id),
        ("api_key.generated", "system", "tidings", ada.key_id, ada.id),
        ("cache.created", "key", ada.key_id, "chat", ada.id),
        ("cache.deleted", "user", made.json()["user_id"], "chat", ada.id),
        ("cache.created", "key", ada.key_id, "rooms", ada.id),
    ]
    assert [entry["address"] for entry in found] == ["", "", *["127.0.0.1"] * 2, "192.0.2.1"]
    ids = [entry["request_id"] for entry in found]
    assert ids[:3] == [None, None, "mine"]
    assert all(ids[3:])
    assert len(set(ids[3:])) == 2


async def test_what_is_refused_leaves_no_note(here: Installation) -> None:
    ada = await here.tenant()
    before = await entries(here)
    async with here.rest(authorization=ada.key) as program:
        for method, path in (("DELETE", "/v1/caches/x"), ("DELETE", "/v1/api-keys/x"), ("PATCH", "/v1/caches/x")):
            assert (await program.request(method, path, json={"durable": False})).status_code == 404
    assert await entries(here) == before


@pytest.mark.parametrize("change", ["UPDATE audit_entry SET actor_id = 'bob'", "DELETE FROM audit_entry"])
async def test_the_database_itself_keeps_the_log_as_it_is(here: Installation, change: str) -> None:
    await here.tenant()
    before = await entries(here)
    with pytest.raises(DBAPIError, match="append-only"):
        async with here.accounts.database.transaction() as session:
            await session.execute(text(change))
    assert await entries(here) == before


async def found(client: httpx.AsyncClient, query: str, path: str = "/v1/audit") -> list[str]:
    answer = await client.get(f"{path}?{query}")
    assert answer.status_code == 200, answer.text
    return [entry["action"] for entry in answer.json()["entries"]]


async def test_the_log_is_searched_by_what_who_which_and_when(here: Installation) -> None:
    ada, bob = await here.tenant("ada"), await here.tenant("bob")
    async with here.rest(authorization=ada.key) as client:
        for name in ("chat", "rooms"):
            await client.post("/v1/caches", json={"name": name})
        await client.delete("/v1/caches/chat")
        assert await found(client, "action=cache") == ["cache.deleted", "cache.created", "cache.created"]
        assert await found(client, "action=cache.deleted") == ["cache.deleted"]
        assert await found(client, "action=cach") == []
        assert await found(client, "target=rooms") == ["cache.created"]
        assert await found(client, "actor=tidings") == ["api_key.generated", "account.created"]
        assert await found(client, f"actor={ada.key_id}&from=2026-01-01") != []
        assert await found(client, f"actor={ada.key_id}&to=2026-01-01") == []
        assert (await client.get("/v1/audit?from=soon")).status_code == 400
        first = (await client.get("/v1/audit?action=cache&limit=2")).json()
        assert await found(client, f"action=cache&next_token={first['next_token']}") == ["cache.created"]
        made = (await client.get("/v1/audit?target=rooms")).json()["entries"][0]
    assert (made["account_id"], made["actor_kind"], made["address"]) == (ada.id, "key", "127.0.0.1")
    assert (made["before"], made["after"]["durable"]) == (None, False)
    async with here.rest(authorization=bob.key) as stranger:
        assert await found(stranger, "action=cache") == []


async def test_operators_search_the_logs_of_all_accounts(here: Installation) -> None:
    ada, bob = await here.tenant("ada"), await here.tenant("bob")
    token, _ = await here.accounts.operation.operators.make_token("a script", None)
    path = "/v1/admin/audit"
    async with here.rest(authorization=token) as operator:
        everything = (await operator.get(path)).json()["entries"]
        assert {entry["account_id"] for entry in everything} == {ada.id, bob.id, None}
        assert await found(operator, f"account_id={bob.id}", path) == ["api_key.generated", "account.created"]
        exported = (await operator.get(f"{path}/export?format=jsonl&account_id={bob.id}")).text.splitlines()
    assert [json.loads(line)["target"] for line in exported] == [bob.key_id, bob.id]


async def test_the_log_is_exported_whole_and_without_formulas(here: Installation) -> None:
    ada = await here.tenant()
    async with here.rest(authorization=ada.key) as client:
        await client.post("/v1/caches", json={"name": "=cmd()"})
        async with here.accounts.database.transaction() as session:
            for number in range(EXPORT_ROWS):
                record(session, SYSTEM, ada.id, "cache.created", f"many-{number}", after={"durable": False})
        answer = await client.get("/v1/audit/export", params={"action": "cache"})
        lines = (await client.get("/v1/audit/export?format=jsonl&target==cmd()")).text.splitlines()
    assert answer.headers["content-disposition"] == f'attachment; filename="audit-{ada.id}.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert len({row["entry_id"] for row in rows}) == len(rows) == EXPORT_ROWS + 1
    assert (rows[0]["target"], rows[-1]["target"]) == (f"many-{EXPORT_ROWS - 1}", "'=cmd()")
    assert json.loads(rows[0]["after"]) == {"durable": False}
    assert [json.loads(line)["target"] for line in lines] == ["=cmd()"]


async def test_an_owner_deletes_the_account_with_its_name_and_the_password(here: Installation) -> None:
    ada = await here.tenant()
    email = await here.join(ada.id, "oscar", "operator")
    async with here.rest() as owner, here.rest() as other:
        for browser, who in ((owner, ada.email), (other, email)):
            assert (await browser.post("/v1/login", json={"email": who, "password": PASSWORD})).status_code == 200
        right = {"name": "ada", "password": PASSWORD}
        for client, body, status in (
            (other, right, 403),
            (owner, right | {"name": "Ada"}, 400),
            (owner, right | {"password": "a wrong password"}, 403),
            (owner, right, 204),
            (owner, right, 401),
            (other, right, 401),
        ):
            answer = await client.request("DELETE", "/v1/account", json=body)
            assert answer.status_code == status, answer.text
    async with here.rest(authorization=ada.key) as program:
        assert (await program.get("/v1/caches")).status_code == 401
    assert await here.directory.account(ada.id) is None
    last = (await entries(here))[-1]
    assert (last["action"], last["actor_kind"], last["target"]) == ("account.deleted", "user", ada.id)
