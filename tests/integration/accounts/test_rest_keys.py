"""API keys and caches over REST."""

import asyncio
import time

import pytest

from accounts.audit import SYSTEM
from backplane.interface import KeyUse
from tests.integration.accounts.installation import PASSWORD, Installation, Refused
from tests.patience import patient


async def test_a_key_is_shown_once_and_described_ever_after(here: Installation) -> None:
    ada = await here.tenant()
    async with here.rest() as browser:
        await browser.post("/v1/login", json={"email": ada.email, "password": PASSWORD})
        body = {"role_id": "operator", "description": "back end", "expiry": "never"}
        made = (await browser.post("/v1/api-keys", json=body)).json()
        info = made["key_info"]
        assert set(made) == {"api_key", "key_info"}
        assert (info["account_id"], info["role_id"], info["description"]) == (ada.id, "operator", "back end")
        assert info["issued_at_epoch_seconds"] == pytest.approx(time.time(), abs=30)
        assert info["expires_at_epoch_seconds"] is None
        listed = await browser.get("/v1/api-keys")
        assert info in listed.json()["api_keys"]
        described = await browser.get(f"/v1/api-keys/{info['key_id']}")
        assert described.json() == info
        assert made["api_key"] not in listed.text + described.text
    await here.create_cache(made["api_key"], "chat")


async def test_a_revoked_key_is_of_no_use_at_once(here: Installation) -> None:
    ada = await here.tenant()
    await here.create_cache(ada.key, "chat")
    async with here.rest(authorization=ada.key) as program:
        assert (await program.delete(f"/v1/api-keys/{ada.key_id}")).status_code == 204
        assert (await program.get("/v1/api-keys")).status_code == 401
    with pytest.raises(Refused, match="16: "):
        await here.list_caches(ada.key)
    account = await here.directory.account(ada.id)
    assert account is not None
    assert ada.key_id in account.revoked


async def test_a_key_dies_on_time(here: Installation) -> None:
    ada = await here.tenant()
    key, _ = await here.accounts.keys.generate(ada.id, SYSTEM, "owner", "", int(time.time()) + 5)
    await here.create_cache(key, "chat")
    async with asyncio.timeout(patient(20)):
        with pytest.raises(Refused, match=r"16: .*expired"):
            await until_refused(here, key)


async def until_refused(here: Installation, key: str) -> None:
    while True:
        await here.list_caches(key)


async def test_a_key_that_is_rotated_holds_until_the_end_of_the_overlap(here: Installation) -> None:
    ada = await here.tenant()
    async with here.rest() as browser:
        await browser.post("/v1/login", json={"email": ada.email, "password": PASSWORD})
        path = f"/v1/api-keys/{ada.key_id}"
        before = int(time.time())
        rotated = (await browser.post(f"{path}/rotate", json={"overlap_seconds": 3600})).json()
        new = rotated["key_info"]
        assert (new["role_id"], new["expires_at_epoch_seconds"], new["replaced_by"]) == ("owner", None, None)
        assert rotated["replaced"] == (await browser.get(path)).json()
        assert rotated["replaced"]["replaced_by"] == new["key_id"]
        end = rotated["replaced"]["expires_at_epoch_seconds"]
        assert before + 3600 <= end <= time.time() + 3600
        for key in (ada.key, rotated["api_key"]):
            await here.list_caches(key)
        again = await browser.post(f"{path}/rotate", json={"overlap_seconds": 0})
        assert (again.status_code, again.json()["code"]) == (409, "not_in_force")
        gone = (await browser.post(f"/v1/api-keys/{new['key_id']}/rotate", json={"overlap_seconds": 0})).json()
        with pytest.raises(Refused, match=r"16: .*expired"):
            await here.list_caches(rotated["api_key"])
        await here.list_caches(gone["api_key"])
        listed = (await browser.get("/v1/api-keys")).json()["api_keys"]
        assert {key["key_id"] for key in listed} == {ada.key_id, gone["key_info"]["key_id"]}
    account = await here.directory.account(ada.id)
    assert account is not None
    assert account.ends[ada.key_id] == end


async def test_a_rotated_key_is_made_for_as_long_as_the_one_before(here: Installation) -> None:
    ada = await here.tenant()
    _, old = await here.accounts.keys.generate(ada.id, SYSTEM, "viewer", "", int(time.time()) + 1000)
    async with here.rest(authorization=ada.key) as program:
        path = f"/v1/api-keys/{old.id}/rotate"
        body = {"overlap_seconds": 60}
        new = (await program.post(path, json=body)).json()["key_info"]
        assert new["expires_at_epoch_seconds"] - new["issued_at_epoch_seconds"] == pytest.approx(1000, abs=1)
        owner = await program.post(f"/v1/api-keys/{ada.key_id}/rotate", json=body)
        assert (owner.status_code, owner.json()["code"]) == (403, "permission_denied")
        for overlap in (-1, 31 * 86_400, "60", None):
            answer = await program.post(f"/v1/api-keys/{new['key_id']}/rotate", json={"overlap_seconds": overlap})
            assert answer.status_code == 400
        assert (await program.post("/v1/api-keys/key_none/rotate", json=body)).status_code == 404


async def test_a_key_gets_another_description(here: Installation) -> None:
    ada = await here.tenant()
    async with here.rest(authorization=ada.key) as program:
        path = f"/v1/api-keys/{ada.key_id}"
        tag = (await program.get(path)).headers["etag"]
        changed = await program.patch(path, json={"description": "the app"}, headers={"if-match": tag})
        assert (changed.status_code, changed.json()["description"]) == (200, "the app")
        late = await program.patch(path, json={"description": "x"}, headers={"if-match": tag})
        assert late.status_code == 412
        assert (await program.patch(path, json={"role_id": "viewer"})).status_code == 400
        assert (await program.patch("/v1/api-keys/key_none", json={"description": ""})).status_code == 404


async def test_when_and_from_where_a_key_was_used_is_kept_and_changes_no_tag(here: Installation) -> None:
    ada = await here.tenant()
    uses, path = here.accounts.credentials.last_uses.uses, f"/v1/api-keys/{ada.key_id}"
    async with here.rest(authorization=ada.key) as program:
        first = await program.get(path)
        assert (first.json()["last_used_at_epoch_seconds"], first.json()["last_used_address"]) == (None, None)
        await uses.report([KeyUse(ada.id, ada.key_id, 200, "2001:db8::1"), KeyUse(ada.id, "key_none", 1, "")])
        async with asyncio.timeout(patient(20)):
            while (used := await program.get(path)).json()["last_used_at_epoch_seconds"] is None:
                await here.accounts.credentials.last_uses.write()
        await uses.report([KeyUse(ada.id, ada.key_id, 100, "10.0.0.1"), KeyUse("acc_none", ada.key_id, 300, "")])
        await here.accounts.credentials.last_uses.write()
        used = await program.get(path)
        assert (used.json()["last_used_at_epoch_seconds"], used.json()["last_used_address"]) == (200, "2001:db8::1")
        assert used.headers["etag"] == first.headers["etag"]


@pytest.mark.parametrize(
    "body",
    [
        {"role_id": "emperor"},
        {"role_id": "owner", "expiry": 1},
        {"role_id": "owner", "expiry": "tomorrow"},
        {"role_id": "owner", "expiry": True},
        {"role_id": "owner", "expiry": 2**60},
        {"role_id": "owner", "colour": "red"},
        {"role_id": "owner", "description": "x" * 256},
        {"role_id": "owner", "description": "a\0b"},
        {},
    ],
)
async def test_a_key_that_cannot_be_is_refused(here: Installation, body: dict[str, object]) -> None:
    ada = await here.tenant()
    async with here.rest() as browser:
        await browser.post("/v1/login", json={"email": ada.email, "password": PASSWORD})
        answer = await browser.post("/v1/api-keys", json=body)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_argument")
    assert set(answer.json()) == {"code", "message", "details", "request_id"}


async def test_a_key_makes_no_key_that_administers(here: Installation) -> None:
    ada = await here.tenant()
    async with here.rest(authorization=ada.key) as program:
        for role, status in (("owner", 403), ("operator", 403), ("viewer", 201)):
            assert (await program.post("/v1/api-keys", json={"role_id": role})).status_code == status


async def test_a_viewers_key_administers_nothing(here: Installation) -> None:
    viewer = await here.tenant(role="viewer")
    async with here.rest(authorization=viewer.key) as program:
        for method, path in (("GET", "/v1/api-keys"), ("GET", "/v1/caches"), ("DELETE", "/v1/caches/chat")):
            assert (await program.request(method, path)).status_code == 403


@pytest.mark.parametrize("key_id", ["key_nothing", "x" * 300, "%F0%9F%98%80"])
async def test_a_key_that_is_not_there_is_not_found(here: Installation, key_id: str) -> None:
    ada = await here.tenant()
    async with here.rest(authorization=ada.key) as program:
        for method in ("GET", "DELETE"):
            answer = await program.request(method, f"/v1/api-keys/{key_id}")
            assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_a_zero_byte_is_no_failure_of_ours(here: Installation) -> None:
    ada = await here.tenant()
    async with here.rest(authorization=ada.key) as program:
        for method in ("GET", "DELETE"):
            assert (await program.request(method, "/v1/api-keys/%00")).status_code in (400, 404)


async def test_caches_are_created_listed_and_deleted(here: Installation) -> None:
    ada = await here.tenant()
    async with here.rest(authorization=ada.key) as program:
        for name in ("chat", "rooms/one two"):
            assert (await program.post("/v1/caches", json={"name": name})).status_code == 201
        assert (await program.post("/v1/caches", json={"name": "chat"})).status_code == 409
        assert await here.cache_names(ada.key) == ["chat", "rooms/one two"]
        listed = (await program.get("/v1/caches")).json()["caches"]
        assert [cache["name"] for cache in listed] == ["chat", "rooms/one two"]
        for name in ("chat", "rooms%2Fone%20two"):
            assert (await program.delete(f"/v1/caches/{name}")).status_code == 204
            assert (await program.delete(f"/v1/caches/{name}")).status_code == 404
    assert await here.cache_names(ada.key) == []


@pytest.mark.parametrize("authorization", ["", "garbage", "a.b.c"])
async def test_nobody_is_refused(here: Installation, authorization: str) -> None:
    async with here.rest(authorization=authorization) as program:
        answer = await program.get("/v1/caches")
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
