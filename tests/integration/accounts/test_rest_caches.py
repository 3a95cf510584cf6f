"""Caches over REST: what can be said of them reaches the routers before it is answered."""

from typing import Any

from sqlalchemy import text

from api.account import CacheLimits, History
from tests.integration.accounts.conftest import Start
from tests.integration.accounts.console.visiting import logged_in
from tests.integration.accounts.installation import PASSWORD, Installation

NO_LIMITS = {
    "publishes_per_second": None,
    "publish_bytes_per_second": None,
    "subscriptions": None,
    "message_bytes": None,
}
NO_BOUNDS = {"items": None, "bytes": None, "seconds": None}


async def test_a_cache_is_made_described_changed_flushed_and_deleted(here: Installation) -> None:
    ada = await here.tenant()
    async with here.rest(authorization=ada.key) as client:
        made = await client.post("/v1/caches", json={"name": " chat ", "limits": {"subscriptions": 5}})
        assert made.status_code == 201
        cache: dict[str, Any] = made.json()
        assert cache == {
            "name": "chat",
            "durable": False,
            "limits": NO_LIMITS | {"subscriptions": 5},
            "history": NO_BOUNDS,
            "slow_reader_policy": "drop_oldest",
            "created_at_epoch_seconds": cache["created_at_epoch_seconds"],
        }
        described = await client.get("/v1/caches/chat")
        assert (described.json(), described.headers["etag"]) == (cache, made.headers["etag"])
        change = {"limits": {"publishes_per_second": 7}, "history": {"items": 10, "seconds": 60}}
        changed = await client.patch("/v1/caches/chat", json=change, headers={"if-match": made.headers["etag"]})
        assert changed.json()["limits"] == NO_LIMITS | {"publishes_per_second": 7, "subscriptions": 5}
        assert changed.json()["history"] == NO_BOUNDS | {"items": 10, "seconds": 60}
        stale = await client.patch("/v1/caches/chat", json=change, headers={"if-match": made.headers["etag"]})
        assert stale.status_code == 412
        assert (await client.post("/v1/caches/chat/flush")).status_code == 204
        assert (await client.delete("/v1/caches/chat")).status_code == 204
        for method, path in (("GET", ""), ("DELETE", ""), ("POST", "/flush")):
            assert (await client.request(method, f"/v1/caches/chat{path}")).status_code == 404
        assert (await client.patch("/v1/caches/chat", json=change)).status_code == 404


async def test_limits_and_bounds_are_in_the_snapshot_when_they_are_answered(here: Installation) -> None:
    ada = await here.tenant()
    async with here.rest(authorization=ada.key) as client:
        body = {"name": "chat", "limits": {"message_bytes": 100}, "history": {"bytes": 1000}}
        await client.post("/v1/caches", json=body)
        account = await here.directory.account(ada.id)
        assert account is not None
        assert account.caches["chat"].limits == CacheLimits(message_bytes=100)
        assert account.caches["chat"].history == History(bytes=1000)
        await client.patch("/v1/caches/chat", json={"limits": {"message_bytes": None}, "history": {"bytes": None}})
        account = await here.directory.account(ada.id)
        assert account is not None
        assert (account.caches["chat"].limits, account.caches["chat"].history) == (CacheLimits(), History())


async def test_what_becomes_of_slow_readers_is_told_to_routers_noted_and_shown(here: Installation) -> None:
    client, account_id = await logged_in(here)
    made = await client.post("/v1/caches", json={"name": "chat"})
    changed = await client.patch(
        "/v1/caches/chat", json={"slow_reader_policy": "keep_latest"}, headers={"if-match": made.headers["etag"]}
    )
    assert (changed.status_code, changed.json()["slow_reader_policy"]) == (200, "keep_latest")
    assert changed.headers["etag"] != made.headers["etag"]
    account = await here.directory.account(account_id)
    assert account is not None
    assert account.caches["chat"].slow_reader_policy == "keep_latest"
    entry = (await client.get("/v1/audit?action=cache.changed")).json()["entries"][0]
    assert [entry[when]["slow_reader_policy"] for when in ("before", "after")] == ["drop_oldest", "keep_latest"]

    page = (await client.get("/console/caches/one?cache=chat")).text
    assert '<option value="keep_latest" selected>' in page
    form = {"cache": "chat", "slow_reader_policy": "disconnect"}
    sent = await client.post("/console/caches/slow-readers", data=form)
    assert sent.status_code == 303
    assert (await client.get("/v1/caches/chat")).json()["slow_reader_policy"] == "disconnect"
    wrong = await client.post("/console/caches/slow-readers", data={**form, "slow_reader_policy": "hypnotise"})
    assert wrong.status_code == 400
    assert (await client.get("/v1/caches/chat")).json()["slow_reader_policy"] == "disconnect"


async def test_a_name_with_slashes_is_a_name(here: Installation) -> None:
    ada = await here.tenant()
    async with here.rest(authorization=ada.key) as client:
        for name in ("a/b", "a/flush"):
            assert (await client.post("/v1/caches", json={"name": name})).status_code == 201
            assert (await client.get(f"/v1/caches/{name}")).json()["name"] == name
            assert (await client.post(f"/v1/caches/{name}/flush")).status_code == 204


async def test_what_cannot_be_is_refused(start: Start) -> None:
    here = await start(history=History(items=100, bytes=10_000, seconds=60))
    ada = await here.tenant()
    async with here.rest(authorization=ada.key) as client:
        refused: list[dict[str, Any]] = [
            {"history": {"items": 101}},
            {"history": {"bytes": 10_001}},
            {"history": {"seconds": 61}},
            {"history": {"items": 0}},
            {"history": {"items": True}},
            {"limits": {"subscriptions": -1}},
            {"limits": {"subscriptions": 2**53}},
            {"limits": {"message_bytes": 0}},
            {"limits": {"caches": 1}},
            {"limits": {"publishes_per_second": "many"}},
            {"slow_reader_policy": "hypnotise"},
            {"slow_reader_policy": True},
        ]
        for body in refused:
            answer = await client.post("/v1/caches", json={"name": "chat", **body})
            assert (answer.status_code, answer.json()["code"]) == (400, "invalid_argument"), body
        assert (
            "100 at most in this installation, not 101"
            in (await client.post("/v1/caches", json={"name": "chat", "history": {"items": 101}})).json()["message"]
        )
        assert (await client.get("/v1/caches")).json()["caches"] == []


async def test_a_viewer_looks_and_changes_nothing(here: Installation) -> None:
    ada = await here.tenant()
    await here.create_cache(ada.key, "chat")
    async with here.rest() as browser:
        await browser.post("/v1/login", json={"email": ada.email, "password": PASSWORD})
        async with here.accounts.database.transaction() as session:
            await session.execute(text("UPDATE membership SET role_id = 'viewer'"))
        assert (await browser.get("/v1/caches/chat")).status_code == 200
        for method, path, body in (
            ("PATCH", "/v1/caches/chat", {"durable": False}),
            ("POST", "/v1/caches/chat/flush", None),
            ("DELETE", "/v1/caches/chat", None),
        ):
            assert (await browser.request(method, path, json=body)).status_code == 403
