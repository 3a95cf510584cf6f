"""A network that loses what one router and one storage node say to each other, while both reach everybody else."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from tests.e2e.fleet.chaos_proxy import ChaosProxy
from tests.e2e.fleet.control_tenant import control, kept
from tests.e2e.fleet.effort import CUT_SECONDS
from tests.e2e.fleet.fleet import Fleet
from tests.e2e.fleet.process import Member
from tests.e2e.fleet.workload import Reach, Shape, Workload

WAYS = ((True, True), (True, False), (False, True))
"""From the router to the node, and back: which of them are cut."""

PUBLISH_SECONDS = 2.0
"""How long a publish may take to fail, where its topic's node does not answer."""


@asynccontextmanager
async def far_node(fleet: Fleet) -> AsyncGenerator[tuple[Member, ChaosProxy]]:
    """One more storage node, which everybody reaches through a proxy."""
    async with ChaosProxy(0) as proxy:
        node: Member = fleet.start_member("storage", "storage-far", TIDINGS_ADVERTISE=f"127.0.0.1:{proxy.port}")
        proxy.target = node.port
        try:
            await asyncio.to_thread(node.wait_ready)
            yield node, proxy
            proxy.heal()
            assert await asyncio.to_thread(node.stop) == 0
        finally:
            node.close()
            fleet.nodes.remove(node)


async def test_a_cut_between_one_router_and_one_node_delays_and_loses_nothing(
    fleet: Fleet, fleet_reach: Reach, durable_reach: Reach
) -> None:
    every_router = Shape(
        topics=40, subscribers=3, publishers=3, interval_seconds=0.4
    )  # the far node owns some of so many
    async with far_node(fleet) as (node, proxy), Workload(fleet_reach, every_router) as load:
        async with control(fleet_reach) as beside, kept(durable_reach):
            await load.go_on()
            # Each time another router: publishers that were refused have gone elsewhere.
            for router, (forth, back) in zip(fleet.routers, WAYS, strict=True):
                failed = len(load.ledger.failed())
                proxy.cut(set(router.pids).__contains__, forth=forth, back=back)
                await asyncio.sleep(CUT_SECONDS)  # how long the cut lasts, not something to wait for
                assert len(load.ledger.failed()) > failed, "the cut was not felt"
                proxy.heal()
                await load.go_on(10)
            assert node.name in fleet.map().nodes
        found = await load.settle()
    assert found.broken() == []
    assert {sent.answer for sent in load.ledger.failed()} == {"UNAVAILABLE"}
    assert load.pace.longest_publish(0.0) <= load.pace.room(PUBLISH_SECONDS, float("inf"))
    assert set(found.discontinuities.values()) == {0}
    assert set(found.pages.values()) == {1}
    assert set(beside.findings.discontinuities.values()) == {0}
