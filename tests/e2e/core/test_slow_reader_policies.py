"""What a cache has become of streams that fall behind, with the Python SDK, which is held up while items come."""

import asyncio
from datetime import timedelta
from typing import Any

import grpc
import pytest
from momento import CredentialProvider, TopicClientAsync, TopicConfigurations

from tests.e2e.service import Service
from tests.e2e.tenant import Tenant

ITEMS, ITEM_BYTES = 150, 100_000
"""More than a router keeps of a topic, and than buffers on the way take."""


@pytest.fixture(scope="module")
def tenant(service: Service) -> Any:
    with Tenant(service) as made:
        yield made


def cache_with(tenant: Tenant, policy: str) -> str:
    cache = tenant.new_cache()
    changed = tenant.http.patch(f"/v1/caches/{cache}", json={"slow_reader_policy": policy}).raise_for_status()
    assert changed.json()["slow_reader_policy"] == policy
    return cache


def publish_all(tenant: Tenant, cache: str) -> None:
    for _ in range(ITEMS):
        tenant.owner.publish(cache, "ticks", b"x" * ITEM_BYTES)


async def read(tenant: Tenant, cache: str) -> list[int]:
    """Return the numbers that an SDK gets which begins to read when everything has been published."""
    host = "127.0.0.1"
    credentials = CredentialProvider(tenant.key, host, host, host, tenant.service.port)
    configuration = TopicConfigurations.Default.latest().with_client_timeout(timedelta(seconds=60))
    async with TopicClientAsync(configuration, credentials) as client:
        subscription: Any = await client.subscribe(cache, "ticks")
        await asyncio.to_thread(publish_all, tenant, cache)
        numbers: list[int] = []
        while ITEMS not in numbers:
            numbers.append((await anext(subscription)).sequence_number)
        return numbers


def test_by_default_the_oldest_are_dropped(tenant: Tenant) -> None:
    numbers = asyncio.run(read(tenant, tenant.new_cache()))
    (gap,) = [place for place in range(1, len(numbers)) if numbers[place] != numbers[place - 1] + 1]
    assert 10 < len(numbers) - gap < ITEMS


def test_where_only_the_newest_counts_it_comes_at_once(tenant: Tenant) -> None:
    *before, newest = asyncio.run(read(tenant, cache_with(tenant, "keep_latest")))
    assert before == list(range(1, len(before) + 1))
    assert newest == ITEMS > len(before) + 10


def test_where_nothing_may_be_skipped_the_stream_ends(tenant: Tenant) -> None:
    """This SDK tells nobody that a stream has ended, so its wire is looked at."""
    cache = cache_with(tenant, "disconnect")
    stream = tenant.client(tenant.key).subscribe(cache, "ticks")
    publish_all(tenant, cache)
    end = stream.end()
    assert (end.code, end.err) == (grpc.StatusCode.RESOURCE_EXHAUSTED, None)
    assert "slow reader policy of its cache is 'disconnect'" in end.message
