"""Published SDKs at the one port that two routers share, while what is behind it is killed and replaced."""

import asyncio

from tests.e2e.fleet.findings import check
from tests.e2e.fleet.fleet import Fleet
from tests.e2e.fleet.sdk import SdkLoad

TOPICS = [f"sdk-{number}" for number in range(6)]


async def test_sdk_clients_lose_nothing_without_a_word(pair: Fleet) -> None:
    tenant = pair.sign_up()
    load = SdkLoad(pair.routers[0].port, tenant.key, tenant.new_cache(), TOPICS)
    async with load.running():
        await load.go_on()
        await asyncio.to_thread(pair.nodes[0].kill)
        await asyncio.to_thread(pair.nodes[0].restart)
        await load.go_on()
        for router in pair.routers:
            await asyncio.to_thread(router.kill)
            await load.go_on()
            await asyncio.to_thread(router.restart)
        assert await asyncio.to_thread(pair.routers[0].stop) == 0
        await asyncio.to_thread(pair.routers[0].restart)
        await load.go_on()
    found = check(load.ledger, durable=False)
    assert found.broken() == []
    assert max(found.discontinuities.values()) == 1, "of the node that was killed, and of nothing else"
    assert any(seen.ends() for seen in load.ledger.seen), "no stream was at a router that was killed"
    assert {sent.answer for sent in load.ledger.failed()} <= {"SERVER_UNAVAILABLE", "TIMEOUT_ERROR"}
