"""The busiest topics of a cache are those of all routers, and so are their subscriptions."""

import asyncio
import time

from tests.e2e.fleet.fleet import Fleet
from tests.e2e.fleet.streams import streams


async def test_publishes_and_subscriptions_at_all_routers_are_added_up(fleet: Fleet) -> None:
    fleet.wait_for_nodes(len(fleet.nodes))
    tenant = fleet.sign_up()
    cache, routers = tenant.new_cache(), len(fleet.routers)
    path = f"/v1/caches/{cache}/topics"
    async with (
        streams(fleet, tenant.key, cache) as news,
        streams(fleet, tenant.key, cache, "weather") as weather,
    ):
        for stream in (*news, *news, *weather[:1]):
            assert await stream.publish("11 bytes é") == "OK"
        began = time.monotonic()
        answer = (await asyncio.to_thread(tenant.http.get, path)).raise_for_status().json()
        print(f"asked {routers} routers in {(time.monotonic() - began) * 1000:.0f} ms")  # noqa: T201
    assert answer == {
        "topics": [
            {"topic": "news", "publishes": 2 * routers, "bytes": 2 * routers * 11, "subscriptions": routers},
            {"topic": "weather", "publishes": 1, "bytes": 11, "subscriptions": routers},
        ],
        "complete": True,
    }
