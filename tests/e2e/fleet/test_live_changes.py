"""What an account, or an operator, changes reaches streams that are open on three routers within a second."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress
from typing import Any

import httpx
import pytest

from tests.e2e.fleet.fleet import Fleet
from tests.e2e.fleet.ledger import Ledger
from tests.e2e.fleet.pace import Pace
from tests.e2e.fleet.streams import Stream, arrived, ended, eventually, streams
from tests.e2e.tenant import Tenant

WITHIN_SECONDS = 1.0
READ = {"type": "topic", "permissions": ["read"], "caches": "*", "topics": "*"}
WRITE = {**READ, "permissions": ["write"]}


@pytest.fixture
def tenant(fleet: Fleet) -> Tenant:
    fleet.wait_for_nodes(len(fleet.nodes))
    return fleet.sign_up()


@pytest.fixture
async def pace() -> AsyncGenerator[Pace]:
    """Watches for how long this process was not scheduled."""
    pace = Pace(Ledger())
    watching = asyncio.create_task(pace.run())
    yield pace
    watching.cancel()
    with suppress(asyncio.CancelledError):
        await watching


async def done(change: Callable[[], httpx.Response]) -> None:
    """Change something, while streams are read."""
    (await asyncio.to_thread(change)).raise_for_status()


async def cut_off(some: list[Stream], change: Callable[[], httpx.Response], pace: Pace, status: str) -> None:
    """Change something: all streams end with this status within a second, and nobody publishes with it any more."""
    began = time.monotonic()
    await done(change)
    statuses, seconds = await ended(some, began)
    assert statuses == {status}
    print(f"{len(some)} streams ended {seconds * 1000:.0f} ms after the request began")  # noqa: T201
    assert seconds <= pace.room(WITHIN_SECONDS, 0)
    assert {await stream.publish() for stream in some} == {status}


async def soon(some: list[Stream], status: str, pace: Pace, text: str = "x") -> None:
    """Publish through each router until it answers with this status: within a second of now."""
    since = time.monotonic()
    for stream in some:
        while await stream.publish(text) != status:
            assert time.monotonic() - since < pace.room(WITHIN_SECONDS, 0)


async def test_a_revoked_key_is_cut_off_at_every_router(fleet: Fleet, tenant: Tenant, pace: Pace) -> None:
    cache, (key, key_id) = tenant.new_cache(), tenant.new_key()
    async with streams(fleet, key, cache) as own, streams(fleet, tenant.key, cache) as others:
        assert {await stream.publish("before") for stream in own} == {"OK"}
        await arrived([*own, *others], "before")
        await cut_off(own, lambda: tenant.http.delete(f"/v1/api-keys/{key_id}"), pace, "UNAUTHENTICATED")
        assert await others[0].publish("after") == "OK"
        await arrived(others, "after")


@pytest.mark.parametrize("which", [{"token_id": "user-1"}, {"token_id_prefix": "user-"}])
async def test_a_revoked_token_is_cut_off_at_every_router(
    fleet: Fleet, tenant: Tenant, pace: Pace, which: dict[str, str]
) -> None:
    cache = tenant.new_cache()

    def token(id: str) -> str:
        body = {"token_id": id, "expires_in": 600, "permissions": [{**READ, "permissions": ["read", "write"]}]}
        return str(tenant.http.post("/v1/tokens", json=body).raise_for_status().json()["token"])

    async with streams(fleet, token("user-1"), cache) as own, streams(fleet, token("guest-1"), cache) as others:
        await cut_off(own, lambda: tenant.http.post("/v1/tokens/revoke", json=which), pace, "UNAUTHENTICATED")
        assert await others[0].publish("after") == "OK"
        await arrived(others, "after")
        async with streams(fleet, token("user-1"), cache) as renewed:
            await arrived(renewed, "after")


async def test_a_role_that_changes_changes_what_its_keys_may_at_every_router(
    fleet: Fleet, tenant: Tenant, pace: Pace
) -> None:
    cache = tenant.new_cache()
    role: dict[str, Any] = {"name": "readers", "permissions": [READ]}
    role_id = tenant.http.post("/v1/roles", json=role).raise_for_status().json()["role_id"]
    path = f"/v1/roles/{role_id}"
    async with streams(fleet, tenant.new_key(role_id)[0], cache) as own:
        assert {await stream.publish() for stream in own} == {"PERMISSION_DENIED"}
        await done(lambda: tenant.http.patch(path, json={"permissions": [READ, WRITE]}))
        await soon(own, "OK", pace, "allowed now")
        await arrived(own, "allowed now")
        began = time.monotonic()
        await done(lambda: tenant.http.patch(path, json={"permissions": [WRITE]}))
        statuses, seconds = await ended(own, began)
        assert statuses == {"PERMISSION_DENIED"}
        assert seconds <= pace.room(WITHIN_SECONDS, 0)
        assert {await stream.publish() for stream in own} == {"OK"}


async def test_a_deleted_cache_ends_its_subscriptions_at_every_router(fleet: Fleet, tenant: Tenant, pace: Pace) -> None:
    cache, other = tenant.new_cache(), tenant.new_cache()
    async with streams(fleet, tenant.key, cache) as own, streams(fleet, tenant.key, other) as others:
        await cut_off(own, lambda: tenant.http.delete(f"/v1/caches/{cache}"), pace, "NOT_FOUND")
        assert await others[0].publish("after") == "OK"
        await arrived(others, "after")


async def test_a_suspended_account_is_cut_off_at_every_router_and_comes_back(
    fleet: Fleet, tenant: Tenant, operator: httpx.Client, pace: Pace
) -> None:
    bystander = fleet.sign_up()
    cache, other = tenant.new_cache(), bystander.new_cache()
    path = f"/v1/admin/accounts/{tenant.account_id}/suspension"
    async with streams(fleet, tenant.key, cache) as own, streams(fleet, bystander.key, other) as others:
        await cut_off(own, lambda: operator.post(path, json={"reason": "unpaid"}), pace, "PERMISSION_DENIED")
        assert await others[0].publish("after") == "OK"
        await arrived(others, "after")
        await done(lambda: operator.delete(path))
        await soon(own, "OK", pace)


async def test_a_limit_that_is_lowered_holds_at_every_router_and_ends_no_stream(
    fleet: Fleet, tenant: Tenant, operator: httpx.Client, pace: Pace
) -> None:
    cache, long = tenant.new_cache(), "x" * 1000
    async with streams(fleet, tenant.key, cache) as own:
        assert {await stream.publish(long) for stream in own} == {"OK"}
        path = f"/v1/admin/accounts/{tenant.account_id}/limits"
        lower = {"message_bytes": {"value": 100}, "subscriptions": {"value": 1}}
        await done(lambda: operator.patch(path, json=lower))
        await soon(own, "RESOURCE_EXHAUSTED", pace, long)
        assert await own[0].publish("short") == "OK"
        await arrived(own, "short")
        await eventually(lambda: not any(stream.status for stream in own), "three streams where one is allowed")
