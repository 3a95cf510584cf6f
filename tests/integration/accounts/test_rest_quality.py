"""What every endpoint has: pages, idempotency keys, tags of a state, and what is left of a limit."""

import asyncio
from typing import Any, cast

import httpx
import pytest
from sqlalchemy import text

from accounts.rest.rate_limits import RestLimits
from tests.integration.accounts.conftest import Start
from tests.integration.accounts.installation import ORIGIN, Installation

KEY = "idempotency-key"


async def listed(client: httpx.AsyncClient, path: str, plural: str, **query: Any) -> list[list[dict[str, Any]]]:
    """Return a list's pages."""
    pages: list[list[dict[str, Any]]] = []
    while True:
        answer = (await client.get(path, params=query)).json()
        assert set(answer) == {plural, "next_token"}
        pages.append(answer[plural])
        if (token := answer["next_token"]) is None:
            return pages
        query["next_token"] = token


async def test_a_list_comes_in_pages(here: Installation) -> None:
    ada = await here.tenant()
    names = ["a", "A", "é", "rooms/1", "z z", "%", "b"]
    async with here.rest(authorization=ada.key) as client:
        for name in names:
            assert (await client.post("/v1/caches", json={"name": name})).status_code == 201
            assert (await client.post("/v1/api-keys", json={"role_id": "viewer"})).status_code == 201
        caches = await listed(client, "/v1/caches", "caches", limit=3)
        keys = await listed(client, "/v1/api-keys", "api_keys", limit=2)
        assert [len(page) for page in caches] == [3, 3, 1]
        assert sorted(cache["name"] for page in caches for cache in page) == sorted(names)
        assert len({key["key_id"] for page in keys for key in page}) == len(names) + 1
        assert len(await listed(client, "/v1/caches", "caches")) == 1


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "next_token=x", "next_token=WzFd"])
async def test_a_page_that_cannot_be_is_refused(here: Installation, query: str) -> None:
    ada = await here.tenant()
    async with here.rest(authorization=ada.key) as client:
        answer = await client.get(f"/v1/caches?{query}")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_argument")
    assert query.partition("=")[0] in answer.json()["message"]


async def test_a_key_that_is_made_twice_is_made_once_and_shown_the_same(here: Installation) -> None:
    ada = await here.tenant()
    body = {"role_id": "viewer", "description": "a"}
    async with here.rest(authorization=ada.key) as client:
        first, again = [await client.post("/v1/api-keys", json=body, headers={KEY: "k-1"}) for _ in range(2)]
        assert (first.status_code, first.content) == (again.status_code, again.content)
        assert ("idempotency-replayed" in first.headers, again.headers["idempotency-replayed"]) == (False, "true")
        other = await client.post("/v1/api-keys", json=body, headers={KEY: "k-2"})
        assert other.json()["api_key"] != first.json()["api_key"]
        assert len((await client.get("/v1/api-keys")).json()["api_keys"]) == 3
    assert first.json()["api_key"].rpartition(".")[2] not in await here.rows()


async def test_an_idempotency_key_is_for_one_request_of_one_caller(here: Installation) -> None:
    ada, bob = await here.tenant("ada"), await here.tenant("bob")
    async with here.rest(authorization=ada.key) as client, here.rest(authorization=bob.key) as other:
        assert (await client.post("/v1/caches", json={"name": "a"}, headers={KEY: "k"})).status_code == 201
        reused = await client.post("/v1/caches", json={"name": "b"}, headers={KEY: "k"})
        assert (reused.status_code, reused.json()["code"]) == (409, "idempotency_conflict")
        bobs = await other.post("/v1/caches", json={"name": "a"}, headers={KEY: "k"})
        assert (bobs.status_code, bobs.headers.get("idempotency-replayed")) == (201, None)
    assert await here.cache_names(ada.key) == await here.cache_names(bob.key) == ["a"]


async def test_a_request_that_was_refused_may_be_mended(here: Installation) -> None:
    ada = await here.tenant()
    async with here.rest(authorization=ada.key) as client:
        for body, status in (({"name": "\n"}, 400), ({"nam": "a"}, 400), ({"name": "a"}, 201), ({"name": "a"}, 201)):
            assert (await client.post("/v1/caches", json=body, headers={KEY: "k"})).status_code == status
        for bad in ("", "x" * 256, "\x7f"):
            assert (await client.post("/v1/caches", json={"name": "c"}, headers={KEY: bad})).status_code == 400


async def test_of_many_that_come_together_one_is_done(here: Installation) -> None:
    ada = await here.tenant()
    async with here.rest(authorization=ada.key) as client:
        answers = await asyncio.gather(
            *(client.post("/v1/caches", json={"name": "a"}, headers={KEY: "k"}) for _ in range(10))
        )
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert sum(answer.status_code == 201 and KEY not in answer.headers for answer in answers) >= 1
    for answer in answers:
        assert answer.status_code == 201 or answer.json()["code"] == "idempotency_conflict"


@pytest.mark.parametrize(
    ("state", "age", "says"), [("running", 5, "wait"), ("running", 100, "new key"), ("unknown", 5, "new key")]
)
async def test_a_request_whose_end_nobody_saw_is_not_done_again(
    here: Installation, state: str, age: int, says: str
) -> None:
    ada = await here.tenant()
    async with here.rest(authorization=ada.key) as client:
        assert (await client.post("/v1/caches", json={"name": "a"}, headers={KEY: "k"})).status_code == 201
        async with here.accounts.database.transaction() as session:
            lost = "UPDATE idempotent_request SET answer = NULL, state = :state, created_at = created_at - :age"
            await session.execute(text(lost), {"state": state, "age": age})
        answer = await client.post("/v1/caches", json={"name": "a"}, headers={KEY: "k"})
    assert (answer.status_code, answer.json()["code"]) == (409, "idempotency_conflict")
    assert says in answer.json()["message"]


async def test_a_day_later_the_key_is_new(here: Installation) -> None:
    ada = await here.tenant()
    async with here.rest(authorization=ada.key) as client:
        assert (await client.post("/v1/caches", json={"name": "a"}, headers={KEY: "k"})).status_code == 201
        async with here.accounts.database.transaction() as session:
            await session.execute(text("UPDATE idempotent_request SET created_at = created_at - 86401"))
        assert (await client.post("/v1/caches", json={"name": "b"}, headers={KEY: "k"})).status_code == 201


async def test_an_answer_is_opened_by_the_credential_that_got_it(here: Installation) -> None:
    ada = await here.tenant()
    async with here.rest() as browser:
        for status in (201, 409):
            await browser.post("/v1/login", json={"email": ada.email, "password": "correct horse battery"})
            made = await browser.post("/v1/api-keys", json={"role_id": "owner"}, headers={KEY: "k"})
            assert made.status_code == status, made.text
    assert "another log-in" in made.json()["message"]


async def test_a_stranger_gets_no_answer_for_a_key(here: Installation) -> None:
    async with here.rest() as stranger:
        for _ in range(2):
            answer = await stranger.post("/v1/caches", json={"name": "a"}, headers={KEY: "k"})
            assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")


async def test_what_was_changed_meanwhile_is_not_changed_again(here: Installation) -> None:
    ada = await here.tenant()
    async with here.rest(authorization=ada.key) as client:
        made = await client.post("/v1/api-keys", json={"role_id": "viewer"})
        path = f"/v1/api-keys/{made.json()['key_info']['key_id']}"
        tag = (await client.get(path)).headers["etag"]
        for wrong in ('"x"', "x", 'W/"x"', f"W/{tag}", ""):
            refused = await client.delete(path, headers={"if-match": wrong or '""'})
            assert (refused.status_code, refused.json()["code"]) == (412, "precondition_failed")
        assert (await client.delete(path, headers={"if-match": f'"x", {tag}'})).status_code == 204
        await client.post("/v1/caches", json={"name": "a"})
        assert (await client.delete("/v1/caches/a", headers={"if-match": tag})).status_code == 412
        assert (await client.delete("/v1/caches/a", headers={"if-match": "*"})).status_code == 204


async def test_the_script_of_an_operator_is_limited_as_everybody_is(start: Start) -> None:
    here = await start(rest_limits=RestLimits(per_caller=2, per_address=9))
    token, _ = await here.accounts.operation.operators.make_token("busy", None)
    async with here.rest(authorization=token) as script:
        answers = [await script.get("/v1/admin/accounts") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert [answer.headers["ratelimit-remaining"] for answer in answers] == ["1", "0", "0"]


async def test_who_asks_too_often_is_told_how_long_to_wait(start: Start) -> None:
    here = await start(rest_limits=RestLimits(per_caller=4, per_address=6))
    ada = await here.tenant()
    async with here.rest(authorization=ada.key) as client, here.rest(authorization="another") as other:
        answers = [await client.get("/v1/caches") for _ in range(5)]
        assert [answer.status_code for answer in answers] == [200] * 4 + [429]
        assert [answer.headers["ratelimit-remaining"] for answer in answers] == ["3", "2", "1", "0", "0"]
        assert {answer.headers["ratelimit-limit"] for answer in answers} == {"4"}
        assert all(0 < int(answer.headers["ratelimit-reset"]) <= 60 for answer in answers)
        assert (answers[-1].json()["code"], int(answers[-1].headers["retry-after"]) > 0) == ("too_many_requests", True)
        assert [(await other.get("/v1/caches")).status_code for _ in range(2)] == [401, 429]
    assert await here.cache_names(ada.key) == []


async def test_the_addresses_of_one_network_of_ipv6_are_limited_together(start: Start) -> None:
    here = await start(rest_limits=RestLimits(per_caller=9, per_address=2))
    statuses: list[int] = []
    for address in ("2001:db8::1", "2001:db8::2", "2001:db8::3", "2001:db8:0:1::1"):
        transport = httpx.ASGITransport(app=cast("Any", here.app), client=(address, 4711))
        async with httpx.AsyncClient(transport=transport, base_url=ORIGIN) as client:
            statuses.append((await client.get("/v1/caches")).status_code)
    assert statuses == [401, 401, 429, 401]


async def test_the_script_of_an_operator_is_done_once_too_and_told_what_is_left(here: Installation) -> None:
    ada, operators = await here.tenant(), here.accounts.operation.operators
    (token, kept), (other, _) = await operators.make_token("one", None), await operators.make_token("other", None)
    path, body = f"/v1/admin/accounts/{ada.id}/impersonations", {"reason": "ticket 4711"}
    once = {"idempotency-key": "once"}
    async with here.rest(authorization=token) as one, here.rest(authorization=other) as two:
        first = await one.post(path, json=body, headers=once)
        again = await one.post(path, json=body, headers=once)
        assert (first.status_code, again.json()) == (201, first.json())
        assert (first.headers.get("idempotency-replayed"), again.headers["idempotency-replayed"]) == (None, "true")
        assert len((await one.get("/v1/admin/impersonations")).json()["impersonations"]) == 1
        assert (await one.post(path, json={"reason": "another"}, headers=once)).status_code == 409
        assert (await two.post(path, json=body, headers=once)).json() != first.json()
        assert first.json()["token"] not in await here.rows()
        assert 0 <= int(again.headers["ratelimit-remaining"]) < int(again.headers["ratelimit-limit"])
        await operators.revoke_token(kept.id)
        assert (await one.post(path, json=body, headers=once)).status_code == 401


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"{nope", "the body is not valid JSON"),
        (b"", "the body must be a JSON object"),
        (b"null", "the body must be a JSON object"),
        (b"[]", "the body must be a JSON object"),
        (b'"x"', "the body must be a JSON object"),
        (b"{}", "the field 'name' is not valid: Field required"),
    ],
)
async def test_a_body_that_cannot_be_is_not_called_a_field(here: Installation, body: bytes, message: str) -> None:
    ada = await here.tenant()
    async with here.rest(authorization=ada.key, **{"content-type": "application/json"}) as client:
        answer = await client.post("/v1/caches", content=body)
    assert (answer.status_code, answer.json()["code"], answer.json()["message"]) == (400, "invalid_argument", message)
