"""What became of a topic's storage node is the cause of the gap in the ledger."""

import asyncio
import re
from collections import Counter
from contextlib import ExitStack

import httpx

from tests.e2e.fleet.fleet import Fleet
from tests.e2e.fleet.process import Member
from tests.e2e.fleet.workload import Reach, Shape, Workload
from tests.e2e.service import until
from tests.patience import patient

COUNTED = re.compile(r'^tidings_router_discontinuities_total{cause="(\w+)"} (\S+)', re.MULTILINE)


def told(fleet: Fleet, reach: Reach) -> Counter[str]:
    """Return how many streams were told of a gap, by its cause, as the ledger of the account has it."""
    asked = httpx.get(f"{fleet.accounts[0].url}/v1/gaps", headers={"authorization": reach.key}, timeout=patient(20))
    causes = Counter[str]()
    for gap in asked.raise_for_status().json()["gaps"]:
        causes[gap["cause"]] += gap["streams"]
    return causes


def counted(fleet: Fleet) -> Counter[str]:
    """Return the same as the metrics of all routers have it, of all accounts."""
    causes = Counter[str]()
    for router in fleet.routers:
        page = httpx.get(router.metrics_url, timeout=patient(20)).raise_for_status().text
        for cause, number in COUNTED.findall(page):
            causes[cause] += int(float(number))
    return causes


async def test_the_ledger_says_that_a_drain_had_too_little_time(fleet: Fleet, fleet_reach: Reach) -> None:
    """Those who are to take its topics stand still meanwhile, for less than a lease."""
    before = len(fleet.nodes)
    node: Member = await asyncio.to_thread(fleet.add, "storage", "storage-hasty", TIDINGS_DRAIN_SECONDS="0.7")
    await asyncio.to_thread(fleet.wait_for_nodes, before + 1)
    already = await asyncio.to_thread(counted, fleet)
    async with Workload(fleet_reach, Shape(topics=24, subscribers=2, publishers=1)) as load:
        await load.go_on(3)
        fleet.nodes.remove(node)
        with ExitStack() as frozen:
            for heir in fleet.nodes:
                frozen.enter_context(heir.paused())
            node.terminate()
            await asyncio.to_thread(until, lambda: node.name not in fleet.map().nodes, what="a map without the node")
        assert await asyncio.to_thread(node.stop) == 0
        await load.go_on(5)
        found = await load.settle()
    assert found.broken() == []
    gaps = sum(found.discontinuities.values())
    [left] = re.findall(r"the node leaves: \d+ topics handed over, (\d+) not", node.errors)
    assert 0 < gaps <= 2 * int(left)  # it had topics of other tests as well
    await asyncio.to_thread(until, lambda: told(fleet, fleet_reach).total() == gaps, seconds=20, what="the ledger")
    causes = told(fleet, fleet_reach)
    assert await asyncio.to_thread(counted, fleet) - already == causes
    # A router that was busy, and saw only the map after the drain, takes the node to be lost.
    assert set(causes) <= {"drain", "node_loss"}
    assert causes["drain"] > causes["node_loss"]


async def test_the_ledger_says_that_the_node_died(fleet: Fleet, fleet_reach: Reach) -> None:
    before = len(fleet.nodes)
    node: Member = await asyncio.to_thread(fleet.add, "storage", "storage-doomed")
    await asyncio.to_thread(fleet.wait_for_nodes, before + 1)
    async with Workload(fleet_reach, Shape(topics=24, subscribers=2, publishers=1)) as load:
        await load.go_on(3)
        await asyncio.to_thread(node.kill)
        fleet.nodes.remove(node)
        await asyncio.to_thread(fleet.wait_for_nodes, before)
        await load.go_on(5)
        found = await load.settle()
    assert found.broken() == []
    assert sum(found.discontinuities.values()) > 0
    await asyncio.to_thread(until, lambda: bool(told(fleet, fleet_reach)), seconds=20, what="a gap in the ledger")
    causes = told(fleet, fleet_reach)
    assert set(causes) == {"node_loss"}
