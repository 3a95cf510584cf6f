"""What became of a topic's storage node is the cause of the gap in the ledger."""

import asyncio
from collections import Counter

import httpx

from tests.e2e.fleet.fleet import Fleet
from tests.e2e.fleet.process import Member
from tests.e2e.fleet.workload import Reach, Shape, Workload
from tests.e2e.service import until


def told(fleet: Fleet, reach: Reach) -> Counter[str]:
    """Return how many streams were told of a gap, by its cause, as the ledger of the account has it."""
    asked = httpx.get(f"{fleet.accounts[0].url}/v1/gaps", headers={"authorization": reach.key}, timeout=20)
    causes = Counter[str]()
    for gap in asked.raise_for_status().json()["gaps"]:
        causes[gap["cause"]] += gap["streams"]
    return causes


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
    # A stream that a router opens anew meanwhile is told of the new page by who knows nothing of the node before.
    assert set(causes) <= {"node_loss", "page_reset"}
    assert causes["node_loss"] > causes["page_reset"]
