"""Roles over REST, and what routers are told of them."""

from typing import Any

import httpx

from api.permissions import Grant
from api.rules import Rule, Selector, network
from tests.integration.accounts.installation import Installation

ROOMS: dict[str, Any] = {
    "type": "topic",
    "permissions": ["read"],
    "caches": {"name": "chat"},
    "topics": {"name_prefix": "room/"},
    "allowed_cidrs": ["10.0.0.0/8", "2001:db8::/32"],
}
ALL: dict[str, Any] = {"type": "topic", "permissions": ["read", "write"], "caches": "*", "topics": "*"}
ITEMS: dict[str, Any] = {"type": "cache", "permissions": ["write"], "caches": "*", "allowed_cidrs": []}


def role(name: str = "readers", *rules: dict[str, Any], **others: Any) -> dict[str, Any]:
    return {"name": name, "permissions": rules or (ROOMS,), **others}


async def grant_of(here: Installation, account_id: str, role_id: str) -> Grant | None:
    account = await here.directory.account(account_id)
    assert account is not None
    return account.roles.get(role_id)


async def ids(client: httpx.AsyncClient, **query: Any) -> list[str]:
    answer = (await client.get("/v1/roles", params=query)).json()
    return [each["role_id"] for each in answer["roles"]]


async def test_a_role_is_made_described_changed_and_deleted_and_routers_know_at_once(here: Installation) -> None:
    ada = await here.tenant()
    async with here.rest(authorization=ada.key) as client:
        made = await client.post("/v1/roles", json=role("readers", ROOMS, ITEMS, description="of rooms"))
        assert made.status_code == 201
        info = made.json()
        assert info["permissions"] == [ROOMS, ITEMS]
        assert (info["account_id"], info["system"], info["super_user"]) == (ada.id, False, False)
        path = f"/v1/roles/{info['role_id']}"
        rooms = Rule(
            "topic",
            read=True,
            write=False,
            caches=Selector("name", "chat"),
            topics=Selector("prefix", "room/"),
            networks=(network("10.0.0.0/8"), network("2001:db8::/32")),
        )
        items = Rule("cache", read=False, write=True)
        assert await grant_of(here, ada.id, info["role_id"]) == Grant((rooms, items))
        described = await client.get(path)
        assert (described.json(), described.headers["etag"]) == (info, made.headers["etag"])
        changed = await client.patch(path, json={"permissions": [ALL]}, headers={"if-match": made.headers["etag"]})
        assert changed.json()["permissions"] == [{**ALL, "allowed_cidrs": []}]
        assert (changed.json()["name"], changed.json()["description"]) == ("readers", "of rooms")
        everything = Rule("topic", read=True, write=True)
        assert await grant_of(here, ada.id, info["role_id"]) == Grant((everything,))
        late = await client.delete(path, headers={"if-match": made.headers["etag"]})
        assert (late.status_code, late.json()["code"]) == (412, "precondition_failed")
        assert (await client.delete(path)).status_code == 204
        assert (await client.get(path)).status_code == (await client.delete(path)).status_code == 404
    assert await grant_of(here, ada.id, info["role_id"]) is None


async def test_the_roles_of_the_system_come_first_and_stay_as_they_are(here: Installation) -> None:
    ada = await here.tenant()
    async with here.rest(authorization=ada.key) as client:
        b, a = [(await client.post("/v1/roles", json=role(name))).json()["role_id"] for name in ("b", "a")]
        assert await ids(client) == ["owner", "operator", "viewer", a, b]
        first = (await client.get("/v1/roles?limit=4")).json()
        assert await ids(client, limit=4, next_token=first["next_token"]) == [b]
        assert (await client.get("/v1/roles/viewer")).json()["permissions"][0]["permissions"] == ["read"]
        for method, body in (("PATCH", {"name": "x"}), ("DELETE", None)):
            answer = await client.request(method, "/v1/roles/owner", json=body)
            assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")
        for name in ("a", "owner"):
            assert (await client.post("/v1/roles", json=role(name))).status_code == 409
        assert (await client.patch(f"/v1/roles/{b}", json={"name": "a"})).status_code == 409


async def test_a_role_in_use_stays_and_the_answer_names_its_keys(here: Installation) -> None:
    ada = await here.tenant()
    async with here.rest(authorization=ada.key) as client:
        role_id = (await client.post("/v1/roles", json=role())).json()["role_id"]
        body = {"role_id": role_id, "description": "the app"}
        key_id = (await client.post("/v1/api-keys", json=body)).json()["key_info"]["key_id"]
        refused = await client.delete(f"/v1/roles/{role_id}")
        assert (refused.status_code, refused.json()) == (
            409,
            {
                "code": "in_use",
                "message": "role 'readers' is in use by 1 API key",
                "details": [{"kind": "api_key", "id": key_id, "description": "the app"}],
                "request_id": refused.headers["x-request-id"],
            },
        )
        await client.delete(f"/v1/api-keys/{key_id}")
        assert (await client.delete(f"/v1/roles/{role_id}")).status_code == 204
        assert (await client.post("/v1/api-keys", json=body)).status_code == 400


async def test_roles_are_their_accounts_alone(here: Installation) -> None:
    ada, bob = await here.tenant("ada"), await here.tenant("bob")
    async with here.rest(authorization=ada.key) as client, here.rest(authorization=bob.key) as other:
        role_id = (await client.post("/v1/roles", json=role())).json()["role_id"]
        for method, body in (("GET", None), ("PATCH", {"name": "mine"}), ("DELETE", None)):
            answer = await other.request(method, f"/v1/roles/{role_id}", json=body)
            assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
        assert (await other.post("/v1/api-keys", json={"role_id": role_id})).status_code == 400
        assert await ids(other) == ["owner", "operator", "viewer"]
        assert (await other.post("/v1/roles", json=role())).status_code == 201
    assert await grant_of(here, bob.id, role_id) is None


async def test_a_key_of_a_made_role_administers_nothing(here: Installation) -> None:
    ada = await here.tenant()
    async with here.rest(authorization=ada.key) as client:
        role_id = (await client.post("/v1/roles", json=role("all", ALL))).json()["role_id"]
        key = (await client.post("/v1/api-keys", json={"role_id": role_id})).json()["api_key"]
    async with here.rest(authorization=key) as program:
        for method, path in (("GET", "/v1/roles"), ("POST", "/v1/roles"), ("GET", "/v1/api-keys")):
            assert (await program.request(method, path, json=role())).status_code == 403


IMPOSSIBLE: list[dict[str, Any]] = [
    {},
    role(""),
    role("x" * 256),
    role("a\nb"),
    {"name": "x", "permissions": []},
    {"name": "x", "permissions": [ALL] * 101},
    role("x", {**ALL, "permissions": []}),
    role("x", {**ALL, "permissions": ["admin"]}),
    role("x", {**ALL, "type": "queue"}),
    role("x", {**ALL, "topics": {"name": ""}}),
    role("x", {**ALL, "topics": {"name": "a", "name_prefix": "a"}}),
    role("x", {**ALL, "topics": "a"}),
    role("x", {**ALL, "caches": {"name_prefix": "a"}}),
    role("x", {**ALL, "allowed_cidrs": ["10.0.0.0/33"]}),
    role("x", {**ALL, "allowed_cidrs": ["everywhere"]}),
    role("x", {**ITEMS, "topics": "*"}),
]


async def test_a_role_that_cannot_be_is_refused(here: Installation) -> None:
    ada = await here.tenant()
    async with here.rest(authorization=ada.key) as client:
        for body in IMPOSSIBLE:
            answer = await client.post("/v1/roles", json=body)
            assert (answer.status_code, answer.json()["code"]) == (400, "invalid_argument"), body
