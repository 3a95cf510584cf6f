"""Gaps as a customer meets them: over REST a moment after an SDK was told, and in the report of a restart."""

import asyncio
import re
import signal
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import grpc
import pytest
from momento import CredentialProvider, TopicClientAsync, TopicConfigurations

from tests.e2e.service import Service, until
from tests.e2e.tenant import Tenant

REPORT = re.compile(r"generation 1 is gone: ([\w, ]+)")
STRANGE_PAGE = 77


@pytest.fixture(scope="module")
def tenant() -> Iterator[Tenant]:
    with Service("--drain-seconds", "0.5") as service, Tenant(service) as made:
        yield made


async def resumed(tenant: Tenant, cache: str) -> list[int]:
    """Publish three items and resume at the second of a page that never was, with the Python SDK."""
    host = "127.0.0.1"
    credentials = CredentialProvider(tenant.key, host, host, host, tenant.service.port)
    configuration = TopicConfigurations.Default.latest().with_client_timeout(timedelta(seconds=60))
    async with TopicClientAsync(configuration, credentials) as client:
        for value in ("one", "two", "three"):
            await client.publish(cache, "news", value)
        subscription: Any = await client.subscribe(cache, "news", 2, STRANGE_PAGE)
        return [(await anext(subscription)).sequence_number for _ in range(3)]


def gaps(tenant: Tenant, cache: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = tenant.http.get("/v1/gaps", params={"cache": cache}).raise_for_status().json()["gaps"]
    return found


def test_what_an_sdk_is_told_is_in_the_ledger(tenant: Tenant) -> None:
    cache = tenant.new_cache()
    assert asyncio.run(resumed(tenant, cache)) == [1, 2, 3]
    until(lambda: bool(gaps(tenant, cache)), what="the gap")
    (gap,) = gaps(tenant, cache)
    assert (gap["topic"], gap["cause"], gap["streams"]) == ("news", "page_reset", 1)
    assert (gap["from_sequence"], gap["to_sequence"]) == (1, 1)


def test_a_restart_ends_with_a_report(tenant: Tenant) -> None:
    """Topics are in the memory of this process alone, so a stream that moves to the next one misses what was there."""
    cache, service = tenant.new_cache(), tenant.service
    tenant.owner.publish(cache, "news", "before")
    streams = [tenant.owner.subscribe(cache, "news") for _ in range(2)]
    pages = [stream.item().sequence_page for stream in streams]
    assert isinstance(service, Service)
    service.signal(signal.SIGHUP)
    for stream in streams:
        assert stream.end().code == grpc.StatusCode.INTERNAL
    again = tenant.client(tenant.key).subscribe(cache, "news", 2, pages[0])
    assert again.next_but_heartbeats().HasField("discontinuity")
    until(lambda: bool(REPORT.search(service.errors)), seconds=30, what="the report")
    (report,) = REPORT.findall(service.errors)
    assert report in {f"1 gap, {moved} streams moved" for moved in (2, 3)}  # an SDK may have left without a word
