"""A fleet of real processes under load, some of which are killed, frozen, drained or cut off."""

import asyncio
import time
from collections import Counter
from contextlib import aclosing
from dataclasses import replace

import httpx
import pytest

from tests.e2e.fleet.connection import Connection
from tests.e2e.fleet.control_tenant import control, kept
from tests.e2e.fleet.effort import RECONNECTING, ROUNDS
from tests.e2e.fleet.findings import Findings
from tests.e2e.fleet.fleet import Fleet
from tests.e2e.fleet.pace import percentile
from tests.e2e.fleet.process import Member
from tests.e2e.fleet.workload import Reach, Shape, Workload
from tests.e2e.tenant import Tenant
from tests.patience import patient

COMEBACK_SECONDS = 30.0
"""Until everybody has a stream again whose router died."""

RECOVERY_SECONDS = 3.0
"""From the loss of a storage node until its topics go on elsewhere."""

REFUSAL_SECONDS = 2.0
"""How long a publish takes to be refused at most, while its topic has no owner."""

ROUTER_IS_GONE = {"UNAVAILABLE"}


async def test_every_item_reaches_every_subscriber_through_whichever_router(fleet: Fleet, fleet_reach: Reach) -> None:
    shape = Shape(topics=200, subscribers=RECONNECTING // 200, publishers=1, interval_seconds=1.0)
    async with Workload(fleet_reach, shape) as load:
        await load.go_on(5, seconds=40)
        found = await load.settle()
    assert len(load.subscribers) >= 500
    assert found.broken() == []
    assert load.ledger.failed() == []
    assert Counter(found.discontinuities.values()) == {0: len(load.subscribers)}


async def test_all_subscribers_of_a_router_come_back_at_once_and_ask_no_database(
    fleet: Fleet, fleet_reach: Reach
) -> None:
    router, postgres = fleet.routers[2], fleet.postgres
    assert postgres is not None
    shape = Shape(topics=200, subscribers=RECONNECTING // 200, publishers=0)
    away = replace(fleet_reach, addresses=fleet_reach.addresses[:2])
    async with Workload(away, Shape(topics=1, subscribers=1, publishers=1)) as beside:
        async with Workload(fleet_reach, shape) as load:
            await beside.go_on(20)
            killed = asyncio.get_running_loop().time()
            with postgres.paused():
                await asyncio.to_thread(router.kill)
                await load.until(lambda: count_of_ends(load) >= len(load.subscribers) // 3, "streams that broke")
                await load.until(load.is_open, "resumed streams", seconds=COMEBACK_SECONDS)
                await beside.go_on(20)
        await beside.settle()
    await asyncio.to_thread(router.restart)
    assert beside.ledger.failed() == []
    assert percentile(beside.pace.latencies(), 0.99) <= beside.pace.room(1.0, killed)


async def test_a_node_that_is_killed_costs_its_topics_one_discontinuity(fleet: Fleet, fleet_reach: Reach) -> None:
    node = fleet.nodes[0]
    async with Workload(fleet_reach) as load:
        await load.go_on()
        killed = asyncio.get_running_loop().time()
        await asyncio.to_thread(node.kill)
        await load.go_on(10)
        recovered = load.pace.recovery(killed)
        with load.at_ease():
            await asyncio.to_thread(node.restart)
        await asyncio.to_thread(fleet.wait_for_nodes, 3)
        await load.go_on(10)
        found = await load.settle()
    assert found.broken() == []
    affected = at_most_one_gap(found)
    assert 0 < len(affected) < len(found.discontinuities)
    assert len(recovered) == len(load.subscribers)
    assert max(recovered.values()) <= load.pace.room(RECOVERY_SECONDS, killed)


async def test_nodes_that_die_again_and_again_lose_nothing_without_a_word(fleet: Fleet, fleet_reach: Reach) -> None:
    async with Workload(fleet_reach, Shape(topics=3, subscribers=7, publishers=7)) as load:
        await load.go_on()
        began = asyncio.get_running_loop().time()
        for _ in range(ROUNDS):
            node = load.random.choice(fleet.nodes)
            await asyncio.sleep(load.random.uniform(0, 1))  # at a random moment
            await asyncio.to_thread(node.kill)
            with load.at_ease():
                await asyncio.to_thread(node.restart)
            await asyncio.to_thread(fleet.wait_for_nodes, 3)
            await load.go_on()
        found = await load.settle()
    assert found.broken() == []
    assert {sent.answer for sent in load.ledger.failed()} <= {"UNAVAILABLE"}
    assert load.pace.longest_publish(began) <= load.pace.room(REFUSAL_SECONDS, began)


async def test_nodes_that_join_and_drain_under_load_lose_nothing(fleet: Fleet, fleet_reach: Reach) -> None:
    async with Workload(fleet_reach) as load, control(fleet_reach) as beside:
        await load.go_on()
        with load.at_ease():
            newcomer: Member = await asyncio.to_thread(fleet.add, "storage", "storage-new")
        await load.go_on(10)
        assert await asyncio.to_thread(newcomer.stop) == 0
        fleet.nodes.remove(newcomer)
        await load.go_on(10)
        found = await load.settle()
    assert found.broken() == []
    assert load.ledger.failed() == []
    assert set(found.discontinuities.values()) == {0}
    assert set(beside.findings.discontinuities.values()) == {0}


async def test_a_node_that_stood_still_longer_than_its_lease_does_no_harm(fleet: Fleet, fleet_reach: Reach) -> None:
    node = fleet.nodes[1]
    async with Workload(fleet_reach) as load:
        await load.go_on()
        with node.paused():
            await asyncio.to_thread(fleet.wait_for_nodes, 2)
            await load.go_on(10)
        await asyncio.to_thread(fleet.wait_for_nodes, 3)
        await load.go_on(10)
        found = await load.settle()
    assert found.broken() == []
    assert at_most_one_gap(found)


async def test_subscribers_of_a_router_that_is_killed_resume_elsewhere(
    fleet: Fleet, fleet_reach: Reach, durable_reach: Reach
) -> None:
    router = fleet.routers[0]
    async with Workload(fleet_reach) as load, kept(durable_reach):
        await load.go_on()
        await asyncio.to_thread(router.kill)
        await load.until(load.is_open, "resumed streams")
        await load.go_on(10)
        with load.at_ease():
            await asyncio.to_thread(router.restart)
        found = await load.settle()
    assert found.broken() == []
    assert set(found.discontinuities.values()) == {0}
    assert {sent.answer for sent in load.ledger.failed()} <= ROUTER_IS_GONE


async def test_traffic_goes_on_without_the_account_service_and_its_database(
    fleet: Fleet, fleet_reach: Reach, durable_reach: Reach
) -> None:
    accounts, postgres = fleet.accounts[0], fleet.postgres
    assert postgres is not None
    async with Workload(fleet_reach) as load, kept(durable_reach):
        await load.go_on()
        await asyncio.to_thread(postgres.kill)
        await asyncio.to_thread(says_that_it_cannot, accounts)
        await asyncio.to_thread(accounts.kill)
        for stranger in (fleet_reach.key[:-4] + "AAAA", "nonsense"):
            async with aclosing(Connection(fleet.routers[1].address, stranger)) as connection:
                began = time.monotonic()
                assert await connection.publish(fleet_reach.cache, "topic", "x") == "UNAUTHENTICATED"
                assert time.monotonic() - began < load.pace.room(1.0, began)
        await load.go_on(10)
        async with Workload(fleet_reach, Shape(topics=2)) as newcomers:
            await newcomers.go_on()
            found = await newcomers.settle()
        assert found.broken() == []
        with load.at_ease():
            await asyncio.to_thread(postgres.start)
            await asyncio.to_thread(accounts.restart)
        found = await load.settle()
    assert found.broken() == []
    assert load.ledger.failed() == []
    assert set(found.discontinuities.values()) == {0}
    await asyncio.to_thread(knows_a_new_tenant, fleet)


async def test_traffic_goes_on_without_redis_and_heals_when_it_is_back_empty(fleet: Fleet, fleet_reach: Reach) -> None:
    async with Workload(fleet_reach) as load, control(fleet_reach) as beside:
        await load.go_on()
        await asyncio.to_thread(fleet.redis.kill)
        await load.go_on(50)
        await asyncio.to_thread(lambda: fleet.redis.restart(empty=True))
        await asyncio.to_thread(fleet.wait_for_nodes, 3)
        await load.go_on(20)
        found = await load.settle()
    assert found.broken() == []
    assert load.ledger.failed() == []
    assert set(found.discontinuities.values()) == {0}
    assert set(beside.findings.discontinuities.values()) == {0}
    await asyncio.to_thread(knows_a_new_tenant, fleet)
    newcomer: Member = await asyncio.to_thread(fleet.add, "router", "router-new")  # which has only what Redis has
    async with Workload(replace(fleet_reach, addresses=[newcomer.address]), Shape(topics=2)) as load:
        await load.go_on()
    await asyncio.to_thread(newcomer.stop)
    fleet.routers.remove(newcomer)


async def test_traffic_goes_on_while_redis_stands_still(fleet: Fleet, fleet_reach: Reach, durable_reach: Reach) -> None:
    async with Workload(fleet_reach) as load, kept(durable_reach):
        await load.go_on()
        await asyncio.to_thread(fleet.redis.pause)
        await load.go_on(40)
        await asyncio.to_thread(fleet.redis.resume)
        await load.go_on(20)
        found = await load.settle()
    assert found.broken() == []
    assert load.ledger.failed() == []
    assert set(found.discontinuities.values()) == {0}


@pytest.mark.timeout(patient(300))
async def test_a_rolling_restart_of_everything_loses_nothing(
    fleet: Fleet, fleet_reach: Reach, durable_reach: Reach
) -> None:
    shape = Shape(interval_seconds=0.5)  # it lasts as long as all starts, which have the cores that it leaves them
    async with Workload(fleet_reach, shape) as load, kept(durable_reach):
        await load.go_on()
        for member in fleet.members:
            assert await asyncio.to_thread(member.stop) == 0
            await asyncio.to_thread(member.start)
            await asyncio.to_thread(member.wait_ready)
        await load.until(load.is_open, "resumed streams")
        await load.go_on()
        found = await load.settle()
    assert found.broken() == []
    assert set(found.discontinuities.values()) == {0}
    assert {sent.answer for sent in load.ledger.failed()} <= ROUTER_IS_GONE


def count_of_ends(load: Workload) -> int:
    return sum(bool(seen.ends()) for seen in load.ledger.seen)


def at_most_one_gap(found: Findings) -> list[str]:
    """Return who was told of a Discontinuity, which is nobody twice."""
    assert set(found.discontinuities.values()) <= {0, 1}, found.discontinuities
    return [name for name, count in found.discontinuities.items() if count]


def says_that_it_cannot(accounts: Member) -> None:
    """Hold that the account service says in time that its database is away, and lives."""
    began = time.monotonic()
    answer = httpx.post(f"{accounts.url}/v1/login", json={"email": "a@example.com", "password": "x" * 12}, timeout=20)
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert time.monotonic() - began < 5.0
    assert httpx.get(f"{accounts.url}/healthz").status_code == 200


def knows_a_new_tenant(fleet: Fleet) -> None:
    """Hold that an account which was made just now can use every router."""
    tenant: Tenant = fleet.sign_up()
    cache = tenant.new_cache()
    for router in fleet.routers:
        fleet.client(tenant, router).publish(cache, "new", "x")
