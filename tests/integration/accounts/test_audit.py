"""The audit log: who changed what, from where, and that nobody changes the log."""

from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from tests.integration.accounts.installation import PASSWORD, Installation


async def entries(here: Installation) -> list[dict[str, Any]]:
    async with here.accounts.database.reading() as session:
        rows = await session.execute(text("SELECT * FROM audit_entry ORDER BY id"))
        return [dict(row) for row in rows.mappings()]


async def test_a_change_is_noted_with_who_and_from_where(here: Installation) -> None:
    ada = await here.tenant()
    async with here.rest(authorization=ada.key) as program, here.rest() as browser:
        assert (await program.post("/v1/caches", json={"name": "chat"})).status_code == 201
        made = await browser.post("/v1/login", json={"email": ada.email, "password": PASSWORD})
        assert (await browser.delete("/v1/caches/chat")).status_code == 204
    await here.create_cache(ada.key, "rooms")
    found = [entry for entry in await entries(here) if entry["action"] != "session.begun"]
    noted = [(e["action"], e["actor_kind"], e["actor_id"], e["target"], e["account_id"]) for e in found]
    assert noted == [
        ("account.created", "system", "tidings", ada.id, ada.id),
        ("api_key.generated", "system", "tidings", ada.key_id, ada.id),
        ("cache.created", "key", ada.key_id, "chat", ada.id),
        ("cache.deleted", "user", made.json()["user_id"], "chat", ada.id),
        ("cache.created", "key", ada.key_id, "rooms", ada.id),
    ]
    assert [entry["address"] for entry in found] == ["", "", *["127.0.0.1"] * 2, "192.0.2.1"]


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
