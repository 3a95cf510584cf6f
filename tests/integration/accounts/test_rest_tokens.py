"""Disposable tokens over REST: made, bounded by the key they are made with, revoked by their ids."""

import time
from collections.abc import AsyncGenerator
from typing import Any

import httpx
import pytest

from accounts.audit import SYSTEM
from api.account import AccountSnapshot
from api.errors import Unauthenticated
from api.rules import Rule, Selector
from api.standing import standing
from api.tokens import Claims, Verifier, unpack_credential
from tests.integration.accounts.conftest import ENDPOINT
from tests.integration.accounts.installation import Installation, Tenant
from tests.integration.accounts.minting import TOPICS, generate, generate_disposable, refresh, super_user_key

NEWS: dict[str, Any] = {"type": "topic", "permissions": ["read"], "caches": "*", "topics": {"name": "news"}}
DAY = 86_400


def wanted(token_id: str = "user-1", expires_in: int = 3600, *rules: dict[str, Any]) -> dict[str, Any]:
    return {"token_id": token_id, "expires_in": expires_in, "permissions": rules or [NEWS]}


def said(here: Installation, token: str) -> Claims:
    return Verifier(here.directory.keys()).verify(token, now=0)


@pytest.fixture
async def ada(here: Installation) -> Tenant:
    return await here.tenant()


@pytest.fixture
async def client(here: Installation, ada: Tenant) -> AsyncGenerator[httpx.AsyncClient]:
    async with here.rest(authorization=ada.key) as client:
        yield client


async def snapshot(here: Installation, ada: Tenant) -> AccountSnapshot:
    account = await here.directory.account(ada.id)
    assert account is not None
    return account


async def mint(here: Installation, client: httpx.AsyncClient, token_id: str) -> Claims:
    return said(here, (await client.post("/v1/tokens", json=wanted(token_id))).json()["token"])


async def holds(here: Installation, ada: Tenant, claims: Claims) -> bool:
    try:
        standing(claims, await snapshot(here, ada))
    except Unauthenticated:
        return False
    return True


async def test_a_token_says_what_was_asked_for(here: Installation, ada: Tenant, client: httpx.AsyncClient) -> None:
    before = int(time.time())
    answer = await client.post("/v1/tokens", json=wanted())
    made = answer.json()
    claims = said(here, made["token"])
    assert (answer.status_code, made["endpoint"], made["token_id"]) == (201, ENDPOINT, "user-1")
    assert unpack_credential(made["packed"]) == made["token"]
    assert (claims.kind, claims.account_id, claims.publisher_id) == ("disposable", ada.id, "user-1")
    assert claims.rules == (Rule("topic", read=True, write=False, topics=Selector("name", "news")),)
    assert claims.expires_at == made["expires_at_epoch_seconds"]
    assert before + 3600 <= made["expires_at_epoch_seconds"] <= time.time() + 3600
    assert claims.ancestors == (ada.key_id,)


@pytest.mark.parametrize("of_key", ["v2", "v1"])
async def test_a_token_never_outlives_the_key_it_is_made_with(here: Installation, of_key: str) -> None:
    ada = await here.tenant()
    end = int(time.time()) + 600
    if of_key == "v2":
        key, _ = await here.accounts.keys.generate(ada.id, SYSTEM, "owner", "", end)
    else:
        owner = super_user_key(here, ada.id, expires_in=600)
        key, end = owner, said(here, owner).expires_at or 0
    async with here.rest(authorization=key) as client:
        made = (await client.post("/v1/tokens", json=wanted(expires_in=DAY))).json()
        assert made["expires_at_epoch_seconds"] == end
    assert (await generate_disposable(here, key, TOPICS, DAY)).valid_until == end
    api_token = await generate(here, key, TOPICS, None)
    assert api_token.valid_until == end
    renewed = await refresh(here, api_token.api_key, api_token.refresh_token)
    assert renewed.valid_until == end


async def test_what_a_key_made_goes_with_it(here: Installation, ada: Tenant, client: httpx.AsyncClient) -> None:
    _, key_id = await here.accounts.keys.generate(ada.id, SYSTEM, "owner", "", None)
    disposable = await mint(here, client, "user-1")
    api_token = await generate(here, ada.key, TOPICS)
    renewed = said(here, (await refresh(here, api_token.api_key, api_token.refresh_token)).api_key)
    assert await holds(here, ada, disposable)
    assert (await client.delete(f"/v1/api-keys/{ada.key_id}")).status_code == 204
    for claims in (disposable, said(here, api_token.api_key), renewed):
        assert not await holds(here, ada, claims)
    assert key_id


async def test_tokens_are_revoked_by_their_id_or_its_beginning_and_new_ones_hold_at_once(
    here: Installation, ada: Tenant, client: httpx.AsyncClient
) -> None:
    for body, revoked in (
        ({"token_id": "user-1"}, {"user-1"}),
        ({"token_id_prefix": "user-"}, {"user-1", "user-10"}),
        ({"all": True}, {"user-1", "user-10", "", "admin"}),
    ):
        old = {name: await mint(here, client, name) for name in ("user-1", "user-10", "", "admin")}
        made = await client.post("/v1/tokens/revoke", json=body)
        assert made.status_code == 201
        assert {name for name, claims in old.items() if not await holds(here, ada, claims)} == revoked
        for name in old:
            assert await holds(here, ada, await mint(here, client, name))
        revocation = made.json()["revocation_id"]
        assert (await client.get("/v1/tokens/revocations")).json()["revocations"] == [made.json()]
        assert (await client.delete(f"/v1/tokens/revocations/{revocation}")).status_code == 204
        assert (await client.delete(f"/v1/tokens/revocations/{revocation}")).status_code == 404
        assert all([await holds(here, ada, claims) for claims in old.values()])


async def test_a_token_made_after_a_revocation_is_revoked_by_the_next_one(
    here: Installation, ada: Tenant, client: httpx.AsyncClient
) -> None:
    for body in ({"token_id": "user-1"}, {"token_id_prefix": "user"}, {"token_id": "user-1"}, {"all": True}):
        claims = await mint(here, client, "user-1")
        await client.post("/v1/tokens/revoke", json=body)
        assert not await holds(here, ada, claims)
    assert len((await client.get("/v1/tokens/revocations")).json()["revocations"]) == 3


async def test_revocations_are_one_accounts_alone(here: Installation, ada: Tenant, client: httpx.AsyncClient) -> None:
    bob = await here.tenant("bob")
    async with here.rest(authorization=bob.key) as other:
        theirs = await mint(here, other, "user-1")
        revocation = (await client.post("/v1/tokens/revoke", json={"all": True})).json()
        assert await holds(here, bob, theirs)
        assert (await other.get("/v1/tokens/revocations")).json()["revocations"] == []
        gone = await other.delete(f"/v1/tokens/revocations/{revocation['revocation_id']}")
        assert (gone.status_code, gone.json()["code"]) == (404, "not_found")


async def test_a_revocation_is_forgotten_when_it_refuses_nothing_any_more(
    here: Installation, ada: Tenant, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    await client.post("/v1/tokens/revoke", json={"token_id": "user-1"})
    assert set((await snapshot(here, ada)).revocations.ids) == {"user-1"}
    later = time.time() + 26 * 3600
    monkeypatch.setattr("accounts.tokens.revoking.time.time", lambda: later)
    assert await here.accounts.credentials.revoked_tokens.tidy() == "1 revocations were forgotten"
    await client.post("/v1/tokens/revoke", json={"token_id": "user-2"})
    assert set((await snapshot(here, ada)).revocations.ids) == {"user-2"}


IMPOSSIBLE: list[tuple[str, Any]] = [
    ("", wanted(expires_in=0)),
    ("", wanted(expires_in=25 * 3600 + 1)),
    ("", wanted("x" * 65)),
    ("", wanted("a\nb")),
    ("", {**wanted(), "permissions": []}),
    ("", {**wanted(), "permissions": [NEWS] * 21}),
    ("", {**wanted(), "expires_in": "3600"}),
    ("/revoke", {}),
    ("/revoke", {"all": False}),
    ("/revoke", {"token_id": ""}),
    ("/revoke", {"token_id": " "}),
    ("/revoke", {"token_id_prefix": ""}),
    ("/revoke", {"token_id": "a", "token_id_prefix": "a"}),
    ("/revoke", {"token_id": "x" * 65}),
]


async def test_what_cannot_be_is_refused(client: httpx.AsyncClient) -> None:
    for path, body in IMPOSSIBLE:
        answer = await client.post(f"/v1/tokens{path}", json=body)
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_argument"), (path, body)


async def test_only_who_may_change_the_account_makes_and_revokes(here: Installation, ada: Tenant) -> None:
    viewer, _ = await here.accounts.keys.generate(ada.id, SYSTEM, "viewer", "", None)
    disposable = (await generate_disposable(here, ada.key, TOPICS)).api_key
    for credential, status in ((viewer, 403), (disposable, 403), ("", 401)):
        async with here.rest(authorization=credential) as other:
            for path, body in (("", wanted()), ("/revoke", {"all": True})):
                assert (await other.post(f"/v1/tokens{path}", json=body)).status_code == status
