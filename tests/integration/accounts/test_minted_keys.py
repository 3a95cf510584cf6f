"""API keys that carry permissions of their own: listed among the account's, and revoked by themselves."""

from collections.abc import AsyncGenerator
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from accounts.keys import minted
from accounts.keys import repository as keys
from api.tokens import Verifier
from tests.integration.accounts.installation import Installation, Refused, Tenant
from tests.integration.accounts.minting import (
    SUPER_USER,
    TOPICS,
    generate,
    generate_disposable,
    refresh,
    status,
    token,
)

INVALID_ARGUMENT, UNAUTHENTICATED, RESOURCE_EXHAUSTED = 3, 16, 8


@pytest.fixture
async def ada(here: Installation) -> Tenant:
    return await here.tenant()


@pytest.fixture
async def client(here: Installation, ada: Tenant) -> AsyncGenerator[httpx.AsyncClient]:
    async with here.rest(authorization=ada.key) as client:
        yield client


def id_of(here: Installation, api_key: str) -> str:
    return Verifier(here.directory.keys()).verify(api_key, now=0).id


async def listed(client: httpx.AsyncClient) -> dict[str, dict[str, Any]]:
    return {key["key_id"]: key for key in (await client.get("/v1/api-keys")).json()["api_keys"]}


async def used(here: Installation, tenant: Tenant, api_key: str) -> None:
    async with here.accounts.database.transaction() as session:
        await keys.note_use(session, tenant.id, id_of(here, api_key), 200, "2001:db8::1")


async def test_a_key_that_a_log_in_minted_is_listed_and_revoked(
    here: Installation, ada: Tenant, client: httpx.AsyncClient
) -> None:
    bob = await here.tenant("bob")
    made = await generate(here, token(here, ada.id, "session"), SUPER_USER)
    id = id_of(here, made.api_key)
    found = (await listed(client))[id]
    assert (found["role_id"], found["replaced_by"], found["account_id"]) == (None, None, ada.id)
    assert found["expires_at_epoch_seconds"] == made.valid_until
    assert made.api_key not in await here.rows()
    changed = await client.patch(f"/v1/api-keys/{id}", json={"description": "the old site"})
    assert changed.json()["description"] == "the old site"
    disposable = await generate_disposable(here, made.api_key, TOPICS)
    async with here.rest(authorization=bob.key) as stranger:
        assert (await stranger.delete(f"/v1/api-keys/{id}")).status_code == 404
    assert await status(here.list_caches(made.api_key)) == 0
    assert (await client.delete(f"/v1/api-keys/{id}")).status_code == 204
    assert await status(here.list_caches(made.api_key)) == UNAUTHENTICATED
    assert await status(refresh(here, made.api_key, made.refresh_token)) == UNAUTHENTICATED
    account = await here.directory.account(ada.id)
    assert account is not None
    assert account.has_revoked(Verifier(here.directory.keys()).verify(disposable.api_key, now=0))
    assert list(await listed(client)) == [ada.key_id]
    async with here.accounts.database.reading() as session:
        found = await session.scalars(text("SELECT action FROM audit_entry WHERE target = :id ORDER BY id"), {"id": id})
        assert found.all() == ["api_key.generated", "api_key.changed", "api_key.revoked"]


async def test_a_key_that_was_refreshed_is_listed_beside_the_one_before(
    here: Installation, ada: Tenant, client: httpx.AsyncClient
) -> None:
    first = await generate(here, ada.key, TOPICS)
    second = await refresh(here, first.api_key, first.refresh_token)
    old, new = id_of(here, first.api_key), id_of(here, second.api_key)
    shown = await listed(client)
    assert (shown[old]["replaced_by"], shown[new]["replaced_by"]) == (new, None)
    assert shown[new]["expires_at_epoch_seconds"] == second.valid_until
    await client.delete(f"/v1/api-keys/{old}")
    assert await status(refresh(here, second.api_key, second.refresh_token)) == 0


async def test_a_refresh_is_repeated_as_long_as_nobody_has_used_what_it_made(
    here: Installation, ada: Tenant, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    await client.patch("/v1/limits", json={"api_keys": 2})
    first = await generate(here, ada.key, TOPICS)
    second = await refresh(here, first.api_key, first.refresh_token)
    with pytest.raises(Refused, match="refreshed a moment ago"):  # by another process, which may use it by now
        await refresh(here, first.api_key, first.refresh_token)
    assert await status(here.list_caches(second.api_key)) != UNAUTHENTICATED
    monkeypatch.setattr(minted, "UNSURE_SECONDS", -1)
    lost, second = second, await refresh(here, first.api_key, first.refresh_token)
    assert await status(here.list_caches(lost.api_key)) == UNAUTHENTICATED
    assert await status(refresh(here, lost.api_key, lost.refresh_token)) == UNAUTHENTICATED
    await used(here, ada, second.api_key)
    before = await listed(client)
    with pytest.raises(Refused, match=f"refreshed already: use '{id_of(here, second.api_key)}'") as refused:
        await refresh(here, first.api_key, first.refresh_token)
    assert refused.value.status == INVALID_ARGUMENT
    assert await listed(client) == before
    await client.delete(f"/v1/api-keys/{id_of(here, second.api_key)}")
    again = await refresh(here, first.api_key, first.refresh_token)
    assert (await listed(client))[id_of(here, first.api_key)]["replaced_by"] == id_of(here, again.api_key)
    await refresh(here, again.api_key, again.refresh_token)
    assert await status(refresh(here, first.api_key, first.refresh_token)) == INVALID_ARGUMENT


async def test_a_repeated_refresh_needs_room_as_a_new_key_does(
    here: Installation, ada: Tenant, client: httpx.AsyncClient
) -> None:
    await client.patch("/v1/limits", json={"api_keys": 2})
    first = await generate(here, ada.key, TOPICS)
    second = await refresh(here, first.api_key, first.refresh_token)
    await client.delete(f"/v1/api-keys/{id_of(here, second.api_key)}")
    await generate(here, ada.key, TOPICS)
    assert await status(refresh(here, first.api_key, first.refresh_token)) == RESOURCE_EXHAUSTED


async def test_a_key_that_carries_its_permissions_is_not_rotated_nor_asked_about(
    here: Installation, ada: Tenant, client: httpx.AsyncClient
) -> None:
    made = await generate(here, ada.key, TOPICS)
    answer = await client.post(f"/v1/api-keys/{id_of(here, made.api_key)}/rotate", json={"overlap_seconds": 0})
    question = {"key_id": id_of(here, made.api_key), "action": "publish", "cache": "chat", "topic": "news"}
    for refused in (answer, await client.post("/v1/permissions/check", json=question)):
        assert (refused.status_code, "carries permissions of its own" in refused.json()["message"]) == (400, True)


async def test_such_keys_count_against_the_limit(here: Installation, ada: Tenant, client: httpx.AsyncClient) -> None:
    await client.patch("/v1/limits", json={"api_keys": 2})
    made = await generate(here, ada.key, TOPICS)
    assert await status(generate(here, ada.key, TOPICS)) == RESOURCE_EXHAUSTED
    await client.delete(f"/v1/api-keys/{id_of(here, made.api_key)}")
    assert await status(generate(here, ada.key, TOPICS)) == 0
