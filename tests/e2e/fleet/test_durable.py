"""Durable topics under load, while nodes and Redis are killed, frozen and replaced: nothing acknowledged is lost."""

import asyncio
from collections.abc import Generator
from typing import Literal

import pytest

from tests.e2e.fleet.control_tenant import control, unbroken
from tests.e2e.fleet.effort import ROUNDS
from tests.e2e.fleet.fleet import Fleet
from tests.e2e.fleet.process import Member
from tests.e2e.fleet.slow_disk import DELAY_SECONDS, slow_disk
from tests.e2e.fleet.workload import Reach, Shape, Workload

SLOWLY = Shape(topics=2, subscribers=2, publishers=1)


@pytest.fixture(scope="module")
def keeping() -> Generator[Fleet]:
    """A fleet whose Redis has everything on disk before it answers."""
    with Fleet(routers=2, nodes=3, appendfsync="always") as running:
        yield running


@pytest.fixture
def durable(keeping: Fleet) -> Reach:
    return keeping.reach(durable=True)


async def test_a_node_that_stood_still_is_fenced(keeping: Fleet, durable: Reach) -> None:
    async with Workload(durable) as load:
        await load.go_on()
        with keeping.nodes[1].paused():
            await asyncio.to_thread(keeping.wait_for_nodes, 2)
            await load.go_on(10)
        await asyncio.to_thread(keeping.wait_for_nodes, 3)
        await load.go_on(10)
        unbroken(await load.settle())


async def test_topics_go_on_on_nodes_that_join_and_from_nodes_that_drain(keeping: Fleet, durable: Reach) -> None:
    async with Workload(durable) as load:
        await load.go_on()
        with load.at_ease():
            newcomer: Member = await asyncio.to_thread(keeping.add, "storage", "storage-new")
        await load.go_on(10)
        assert await asyncio.to_thread(newcomer.stop) == 0
        keeping.nodes.remove(newcomer)
        await load.go_on(10)
        unbroken(await load.settle())
        assert load.ledger.failed() == []


@pytest.mark.parametrize("appendfsync", ["everysec", "always"])
async def test_nothing_is_lost_over_rounds_of_kills(
    keeping: Fleet, durable: Reach, appendfsync: Literal["everysec", "always"]
) -> None:
    """A process that is killed has given the kernel what it has answered, however seldom the disk has it."""
    keeping.redis.sync(appendfsync)
    async with Workload(durable) as load:
        await load.go_on()
        for _ in range(ROUNDS):
            node = load.random.choice(keeping.nodes)
            await asyncio.sleep(load.random.uniform(0, 1))  # at a random moment
            await asyncio.to_thread(node.kill)
            with load.at_ease():
                await asyncio.to_thread(node.restart)
            await load.go_on()
            await asyncio.to_thread(keeping.redis.kill)
            await asyncio.sleep(load.random.uniform(0, 1))
            await asyncio.to_thread(lambda: keeping.redis.restart(empty=False))
            await asyncio.to_thread(keeping.wait_for_nodes, 3)
            await load.go_on()
        unbroken(await load.settle())
        assert {sent.answer for sent in load.ledger.failed()} <= {"UNAVAILABLE"}


@pytest.mark.parametrize(("appendfsync", "delay_seconds"), [("everysec", DELAY_SECONDS), ("always", 0.1)])
async def test_a_slow_disk_fails_no_durable_publish(
    keeping: Fleet, durable: Reach, appendfsync: Literal["everysec", "always"], delay_seconds: float
) -> None:
    keeping.redis.sync(appendfsync)
    async with Workload(durable, SLOWLY) as load, control(keeping.reach()) as beside:
        await load.go_on()
        with slow_disk([keeping.redis.pid], delay_seconds):
            await load.go_on(5)
        unbroken(await load.settle())
    assert load.ledger.failed() == []
    assert beside.failed == 0


async def test_a_disk_slower_than_redis_is_waited_for_refuses_durable_publishes_and_loses_none(
    keeping: Fleet, durable: Reach
) -> None:
    """Who needs no disk notices nothing; what was acknowledged is there, and all goes on when the disk does."""
    keeping.redis.sync("always")
    async with Workload(durable, SLOWLY) as load, control(keeping.reach()) as beside:
        await load.go_on()
        with slow_disk([keeping.redis.pid]):
            await load.until(lambda: bool(load.ledger.failed()), "a refusal")
        await load.go_on()
        unbroken(await load.settle())
    assert {sent.answer for sent in load.ledger.failed()} == {"UNAVAILABLE"}
    assert beside.failed == 0
    assert set(beside.findings.discontinuities.values()) == {0}
