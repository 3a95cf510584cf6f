"""ScsControl by the contract: what SDKs assert of creating, listing, flushing and deleting caches."""

import asyncio
import json
import time

import pytest
from momento_wire_types import auth_pb2
from momento_wire_types import controlclient_pb2 as wire

from accounts.audit import SYSTEM
from api.framing import frame
from tests.integration.accounts.installation import AUTH, CONTROL, Installation, Refused
from tests.unit.api.forgery import signed


async def test_a_cache_is_there_when_its_creation_is_answered_and_gone_after_its_deletion(here: Installation) -> None:
    ada = await here.tenant()
    await here.create_cache(ada.key, "chat")
    account = await here.directory.account(ada.id)
    assert account is not None
    assert list(account.caches) == await here.cache_names(ada.key) == ["chat"]
    await here.delete_cache(ada.key, "chat")
    account = await here.directory.account(ada.id)
    assert account is not None
    assert list(account.caches) == await here.cache_names(ada.key) == []
    with pytest.raises(Refused) as refused:
        await here.delete_cache(ada.key, "chat")
    assert refused.value.status == 5


async def test_a_cache_made_again_is_another_one(here: Installation) -> None:
    ada = await here.tenant()
    ids: set[str] = set()
    for _ in range(3):
        await here.create_cache(ada.key, "chat")
        account = await here.directory.account(ada.id)
        assert account is not None
        ids.add(account.caches["chat"].id)
        await here.delete_cache(ada.key, "chat")
    assert len(ids) == 3


async def test_a_cache_that_exists_is_not_created_again(here: Installation) -> None:
    ada = await here.tenant()
    await here.create_cache(ada.key, "chat")
    with pytest.raises(Refused) as refused:
        await here.create_cache(ada.key, "chat")
    assert (refused.value.status, refused.value.err) == (6, None)
    assert "chat" in refused.value.text
    assert "store with name" not in refused.value.text.lower()


async def test_of_many_who_create_the_same_cache_at_once_one_does(here: Installation) -> None:
    ada = await here.tenant()
    results = await asyncio.gather(*(here.create_cache(ada.key, "chat") for _ in range(20)), return_exceptions=True)
    refused = [result.status for result in results if isinstance(result, Refused)]
    assert refused == [6] * 19
    assert await here.cache_names(ada.key) == ["chat"]


async def test_no_sdk_takes_a_missing_cache_for_a_missing_item(here: Installation) -> None:
    ada = await here.tenant()
    for what in (here.delete_cache, here.flush_cache):
        with pytest.raises(Refused) as refused:
            await what(ada.key, "chat")
        assert (refused.value.status, refused.value.err, refused.value.is_trailers_only) == (5, None, True)
        assert refused.value.text == "cache 'chat' does not exist"


@pytest.mark.parametrize("name", ["", "   ", "a\nb", "x" * 256])
async def test_a_bad_name_is_an_invalid_argument(here: Installation, name: str) -> None:
    ada = await here.tenant()
    for what in (here.create_cache, here.delete_cache, here.flush_cache):
        with pytest.raises(Refused) as refused:
            await what(ada.key, name)
        assert refused.value.status == 3


async def test_names_that_suites_use_are_good(here: Installation) -> None:
    ada = await here.tenant()
    names = sorted(["a", "x" * 255, "AllDataReadWrite-token-scope", "js-integration-test-default-1b9d", "v1.0_x"])
    for name in names:
        await here.create_cache(ada.key, name)
    assert sorted(await here.cache_names(ada.key)) == names


async def test_who_asks_is_checked_before_what_and_that_before_whether_it_exists(here: Installation) -> None:
    viewer = await here.tenant(role="viewer")
    refusals = [(signed(), "", 16), (viewer.key, "", 3), (viewer.key, "chat", 7)]
    for token, name, status in refusals:
        with pytest.raises(Refused) as refused:
            await here.delete_cache(token, name)
        assert (refused.value.status, refused.value.is_trailers_only) == (status, True)


@pytest.mark.parametrize(("role", "may"), [("owner", True), ("operator", True), ("viewer", False)])
async def test_owners_and_operators_control_and_viewers_do_not(here: Installation, role: str, *, may: bool) -> None:
    tenant = await here.tenant(role=role)
    if may:
        await here.create_cache(tenant.key, "chat")
        assert await here.cache_names(tenant.key) == ["chat"]
        return
    for refused in (here.create_cache(tenant.key, "chat"), here.list_caches(tenant.key)):
        with pytest.raises(Refused, match="7: "):
            await refused


async def test_flushing_leaves_a_cache_as_it_is(here: Installation) -> None:
    ada = await here.tenant()
    await here.create_cache(ada.key, "chat")
    before = await here.directory.account(ada.id)
    await here.flush_cache(ada.key, "chat")
    assert await here.directory.account(ada.id) == before


async def test_all_caches_are_in_one_answer(here: Installation) -> None:
    ada = await here.tenant()
    for number in range(60):
        await here.accounts.caches.create(ada.id, SYSTEM, f"cache-{number:02}")
    answer = await here.list_caches(ada.key)
    assert [cache.cache_name for cache in answer.cache] == [f"cache-{number:02}" for number in range(60)]
    assert answer.next_token == ""


async def test_the_contract_plan_lists_the_limits_that_suites_expect(here: Installation) -> None:
    ada = await here.tenant(plan="contract")
    await here.create_cache(ada.key, "chat")
    (cache,) = (await here.list_caches(ada.key)).cache
    assert (cache.cache_limits.max_item_size_kb, cache.cache_limits.max_ttl_seconds) == (4883, 86400)
    assert cache.cache_limits.max_throughput_kbps >= 10240
    assert cache.cache_limits.max_traffic_rate >= 500
    topics = cache.topic_limits
    assert (topics.max_publish_message_size_kb, topics.max_publish_rate, topics.max_subscription_count) == (
        100,
        100,
        100,
    )


async def test_an_open_account_lists_its_own_limits(here: Installation) -> None:
    ada = await here.tenant()
    await here.create_cache(ada.key, "chat")
    (cache,) = (await here.list_caches(ada.key)).cache
    account = await here.directory.account(ada.id)
    assert account is not None
    assert cache.topic_limits.max_publish_rate == account.limits.publishes_per_second
    assert cache.topic_limits.max_subscription_count == account.limits.subscriptions
    assert cache.topic_limits.max_publish_message_size_kb == account.limits.message_bytes // 1024


async def test_a_cache_with_limits_of_its_own_lists_them(here: Installation) -> None:
    ada = await here.tenant(plan="contract")
    limits = {"publishes_per_second": 5, "subscriptions": 500, "message_bytes": 2048}
    await here.accounts.caches.create(ada.id, SYSTEM, "chat", limits)
    (cache,) = (await here.list_caches(ada.key)).cache
    topics = cache.topic_limits
    listed = (topics.max_publish_message_size_kb, topics.max_publish_rate, topics.max_subscription_count)
    assert listed == (2, 5, 100)
    assert cache.cache_limits.max_throughput_kbps == 10240


async def test_an_account_has_no_more_caches_than_its_plan_allows(here: Installation) -> None:
    ada = await here.tenant(plan="contract")
    names = [f"cache-{number}" for number in range(30)]
    results = await asyncio.gather(*(here.create_cache(ada.key, name) for name in names), return_exceptions=True)
    assert sorted(result.status or 0 for result in results if isinstance(result, Refused)) == [8] * 20
    assert len(await here.cache_names(ada.key)) == 10


async def test_a_signing_key_is_listed_until_it_is_revoked(here: Installation) -> None:
    ada = await here.tenant()
    made = await here.call(
        CONTROL,
        "CreateSigningKey",
        wire._CreateSigningKeyRequest(ttl_minutes=30),
        wire._CreateSigningKeyResponse,
        ada.key,
    )
    kid = json.loads(made.key)["kid"]
    assert made.expires_at == pytest.approx(time.time() + 1800, abs=30)
    listing = wire._ListSigningKeysRequest()
    listed = await here.call(CONTROL, "ListSigningKeys", listing, wire._ListSigningKeysResponse, ada.key)
    assert [(key.key_id, key.expires_at) for key in listed.signing_key] == [(kid, made.expires_at)]
    revoking = wire._RevokeSigningKeyRequest(key_id=kid)
    await here.call(CONTROL, "RevokeSigningKey", revoking, wire._RevokeSigningKeyResponse, ada.key)
    listed = await here.call(CONTROL, "ListSigningKeys", listing, wire._ListSigningKeysResponse, ada.key)
    assert not listed.signing_key
    with pytest.raises(Refused, match="5: "):
        await here.call(CONTROL, "RevokeSigningKey", revoking, wire._RevokeSigningKeyResponse, ada.key)


@pytest.mark.parametrize("minutes", [0, 2**32 - 1])
async def test_a_signing_key_must_hold_for_a_while_and_not_for_ever(here: Installation, minutes: int) -> None:
    ada = await here.tenant()
    request = wire._CreateSigningKeyRequest(ttl_minutes=minutes)
    with pytest.raises(Refused, match="3: "):
        await here.call(CONTROL, "CreateSigningKey", request, wire._CreateSigningKeyResponse, ada.key)


@pytest.mark.parametrize(("service", "method"), [(CONTROL, "CreateStore"), (AUTH, "Login"), ("webhook.Webhook", "Put")])
async def test_a_method_that_is_not_offered_is_unimplemented(here: Installation, service: str, method: str) -> None:
    ada = await here.tenant()
    with pytest.raises(Refused) as refused:
        await here.call(service, method, auth_pb2._LoginRequest(), auth_pb2._LoginResponse, ada.key)
    assert (refused.value.status, refused.value.is_trailers_only) == (12, True)


@pytest.mark.parametrize(
    ("body", "status"),
    [(frame(b"\xff\xff\xff"), 3), (frame(b"\x0a\x02\xff\xfe"), 3), (frame(bytes(300_000)), 8), (b"\0\0\0\0\x05ab", 3)],
    ids=["not a message", "not UTF-8", "too large", "cut off"],
)
async def test_a_bad_message_is_refused_and_the_next_one_served(here: Installation, body: bytes, status: int) -> None:
    ada = await here.tenant()
    call = await here.send(CONTROL, "CreateCache", body, ada.key)
    assert (call.status, call.is_trailers_only) == (status, True)
    await here.create_cache(ada.key, "chat")
