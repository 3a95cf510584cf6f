"""May-I over REST: what a credential may do, and who may do something."""

import time
from typing import Any

import httpx

from accounts.audit import SYSTEM
from tests.integration.accounts.installation import Installation
from tests.integration.accounts.minting import TOPICS, generate_disposable

ROOMS: dict[str, Any] = {
    "type": "topic",
    "permissions": ["read"],
    "caches": {"name": "chat"},
    "topics": {"name_prefix": "room/"},
    "allowed_cidrs": ["10.0.0.0/8"],
}
NEWS: dict[str, Any] = {"type": "topic", "permissions": ["read", "write"], "caches": "*", "topics": {"name": "news"}}


def asked(action: str = "subscribe", topic: str = "room/1", **who: Any) -> dict[str, Any]:
    return {"action": action, "cache": "chat", "topic": topic, **who}


async def check(client: httpx.AsyncClient, **question: Any) -> dict[str, Any]:
    answer = await client.post("/v1/permissions/check", json=asked(**question))
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_each_kind_of_credential_is_judged_with_the_rule_that_decides(here: Installation) -> None:
    ada = await here.tenant()
    await here.create_cache(ada.key, "chat")
    async with here.rest(authorization=ada.key) as client:
        body = {"name": "readers", "permissions": [NEWS, ROOMS]}
        role_id = (await client.post("/v1/roles", json=body)).json()["role_id"]
        made = (await client.post("/v1/api-keys", json={"role_id": role_id})).json()
        key_id = made["key_info"]["key_id"]
        for who in ({"credential": made["api_key"]}, {"key_id": key_id}, {"role_id": role_id}):
            allowed = await check(client, address="10.1.2.3", **who)
            assert (allowed["allowed"], allowed["rule"], allowed["rule_number"]) == (True, ROOMS, 2)
            assert (allowed["role_id"], allowed["code"], allowed["super_user"]) == (role_id, None, False)
            elsewhere = await check(client, address="11.1.2.3", **who)
            assert (elsewhere["allowed"], elsewhere["rule"], elsewhere["code"]) == (False, None, "permission_denied")
            assert elsewhere["reason"].endswith("from 11.1.2.3")
            assert not (await check(client, action="publish", **who))["allowed"]
        given = await check(client, topic="news", action="publish", permissions=[NEWS])
        assert given["reason"] == "rule 1 of the token allows it"
        owner = await check(client, role_id="owner", action="publish")
        assert (owner["allowed"], owner["super_user"], owner["rule"]) == (True, True, None)
        missing = await check(client, cache="nothing", role_id="owner")
        assert (missing["allowed"], missing["code"]) == (False, "not_found")
        await client.delete(f"/v1/api-keys/{key_id}")
        gone = await check(client, key_id=key_id)
        assert (gone["allowed"], gone["code"], gone["reason"]) == (False, "unauthenticated", "the token was revoked")
        assert (await check(client, credential="garbage"))["code"] == "unauthenticated"


async def test_a_token_says_itself_what_it_may(here: Installation) -> None:
    ada = await here.tenant()
    await here.create_cache(ada.key, "chat")
    disposable = (await generate_disposable(here, ada.key, TOPICS)).api_key
    async with here.rest(authorization=ada.key) as client:
        allowed = await check(client, credential=disposable)
        assert (allowed["allowed"], allowed["rule_number"], allowed["role_id"]) == (True, 1, None)
        assert allowed["rule"] == {
            "type": "topic",
            "permissions": ["read", "write"],
            "caches": "*",
            "topics": "*",
            "allowed_cidrs": [],
        }


async def test_who_may_lists_roles_keys_and_members(here: Installation) -> None:
    ada = await here.tenant()
    await here.create_cache(ada.key, "chat")
    async with here.rest(authorization=ada.key) as client:
        body = {"name": "readers", "permissions": [ROOMS]}
        role_id = (await client.post("/v1/roles", json=body)).json()["role_id"]
        keys = [
            (await client.post("/v1/api-keys", json={"role_id": role})).json()["key_info"]["key_id"]
            for role in (role_id, "viewer")
        ]
        await here.accounts.keys.generate(ada.id, SYSTEM, role_id, "expired", int(time.time()) + 1)
        who = (await client.post("/v1/permissions/who", json=asked())).json()
        assert [each["role_id"] for each in who["roles"]] == ["owner", "operator", "viewer", role_id]
        assert {key["key_id"] for key in who["api_keys"]} >= {ada.key_id, *keys}
        assert [(member["email"], member["role_id"]) for member in who["members"]] == [(ada.email, "owner")]
        outside = (await client.post("/v1/permissions/who", json=asked(address="11.0.0.1"))).json()
        assert role_id not in {each["role_id"] for each in outside["roles"]}
        writers = (await client.post("/v1/permissions/who?limit=1", json=asked("publish"))).json()
        assert [key["key_id"] for key in writers["api_keys"]] == [ada.key_id]
        assert writers["next_token"] is None
        assert {each["role_id"] for each in writers["roles"]} == {"owner", "operator"}
        nowhere = await client.post("/v1/permissions/who", json={**asked(), "cache": "nothing"})
        assert (nowhere.status_code, nowhere.json()["code"]) == (404, "not_found")


async def test_what_cannot_be_asked_is_refused(here: Installation) -> None:
    ada, bob = await here.tenant("ada"), await here.tenant("bob")
    await here.create_cache(ada.key, "chat")
    impossible: list[tuple[int, dict[str, Any]]] = [
        (400, asked()),
        (400, asked(role_id="owner", key_id="key_1")),
        (400, asked(action="delete", role_id="owner")),
        (400, asked(topic="", role_id="owner")),
        (400, asked(role_id="owner", address="nowhere")),
        (404, asked(role_id="nothing")),
        (404, asked(key_id=bob.key_id)),
        (404, asked(credential=bob.key)),
    ]
    async with here.rest(authorization=ada.key) as client:
        for status, body in impossible:
            answer = await client.post("/v1/permissions/check", json=body)
            assert answer.status_code == status, body
