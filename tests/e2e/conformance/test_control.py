"""Caches: CONFORMANCE A6."""

import uuid

import pytest

from tests.e2e.conformance.refusals import refused
from tests.e2e.tenant import Tenant
from tests.e2e.wire import Client


@pytest.mark.parametrize(
    "name",
    [
        "7f0d9a52-3c1e-4b7a-9d57-2f6c0a8e41b3",
        "js-integration-test-default-7f0d9a52-3c1e-4b7a-9d57-2f6c0a8e41b3",
        "AllDataReadWrite-token-scope-should-fail-to-create-cache",
        "a.b_c-D9",
        "x" * 255,
    ],
)
def test_the_names_of_the_suites_are_taken(owner: Client, name: str) -> None:
    owner.create_cache(name)
    owner.delete_cache(name)


def test_a_made_cache_is_there_at_once_and_a_deleted_one_gone(owner: Client) -> None:
    for _ in range(20):
        name = f"cache-{uuid.uuid4()}"
        owner.create_cache(name)
        owner.publish(name, "a", "x")
        assert name in [cache.cache_name for cache in owner.list_caches().cache]
        owner.delete_cache(name)
        with refused("NOT_FOUND"):
            owner.delete_cache(name)
        with refused("NOT_FOUND"):
            owner.publish(name, "a", "x")


def test_a_flush_leaves_topics_alone(owner: Client, cache: str) -> None:
    owner.publish(cache, "a", "kept")
    stream = owner.subscribe(cache, "a")
    owner.flush_cache(cache)
    owner.publish(cache, "a", "next")
    assert stream.texts(2) == ["kept", "next"]
    with refused("NOT_FOUND"):
        owner.flush_cache("nowhere")


def test_a_list_is_whole_and_says_the_limits(limited: Tenant) -> None:
    names = [limited.new_cache() for _ in range(3)]
    listed = limited.owner.list_caches()
    assert listed.next_token == ""
    assert set(names) <= {cache.cache_name for cache in listed.cache}
    for cache in listed.cache:
        limits, topics = cache.cache_limits, cache.topic_limits
        assert (limits.max_item_size_kb, limits.max_ttl_seconds) == (4883, 86_400)
        assert limits.max_throughput_kbps >= 10_240
        assert limits.max_traffic_rate >= 500
        assert topics.max_publish_message_size_kb == 100
        assert (topics.max_publish_rate, topics.max_subscription_count) == (100, 100)


def test_a_long_list_comes_in_one_answer(tenant: Tenant) -> None:
    with Tenant(tenant.service) as other:
        names = {other.new_cache() for _ in range(120)}
        assert {cache.cache_name for cache in other.owner.list_caches().cache} == names


def test_a_cache_made_again_is_another(owner: Client, cache: str) -> None:
    """What was published under its name before is gone."""
    owner.publish(cache, "a", "old")
    owner.delete_cache(cache)
    owner.create_cache(cache)
    stream = owner.subscribe(cache, "a")
    owner.publish(cache, "a", "new")
    assert stream.texts(1) == ["new"]
