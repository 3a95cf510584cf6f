"""A fleet that is used as it would be for long: nothing is lost, nothing leaks, and each unit is billed once.

A short form runs always; `TIDINGS_SOAK_SECONDS=1800` is the long one, `TIDINGS_SOAK_EASE=10` has a tenth of
its rates.
"""

import asyncio
import os
import random
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Mapping
from contextlib import asynccontextmanager, closing
from functools import partial
from itertools import count

import grpc
import pytest

from tests.e2e.fleet.connection import Connection
from tests.e2e.fleet.fleet import Fleet
from tests.e2e.fleet.process import Member
from tests.e2e.fleet.test_usage import settled, verify
from tests.e2e.fleet.vitals import Look, Vitals
from tests.e2e.fleet.workload import STREAMS_PER_CONNECTION, Reach, Shape, Workload
from tests.e2e.service import until
from tests.e2e.tenant import Tenant
from tests.e2e.wire import Client, Subscription, refusal
from tests.patience import patient

SECONDS = float(os.environ.get("TIDINGS_SOAK_SECONDS", "30"))
IS_LONG = SECONDS >= 300
EASE = float(os.environ.get("TIDINGS_SOAK_EASE", "1"))
"""How many times longer a subscription and the time between two messages are, for a machine that has other work."""

COMING_AND_GOING = 2_000 if IS_LONG else 300
"""Subscriptions that are open at a time, each for some seconds."""

MOST_GROWTH = 0.02 if SECONDS >= 1200 else 0.05 if IS_LONG else 0.15
"""Of memory once a process is warm; in a shorter run it is hardly warm."""

REST_SECONDS = 60.0
"""Until those who came and went are gone everywhere: a router hears of it when it writes to them."""

FILES_OF_A_CONNECTION = 3
"""Of one of native gRPC, at its router: the client's, and both ends of the socket over which Envoy passes it on."""

MOST_MORE_FILES = 16 if IS_LONG else 8
"""Besides those: a pool keeps as many connections to Redis as were needed at a time; the long form needs more."""

MOST_MORE_TASKS = 8


@pytest.fixture(scope="module")
def soaked() -> Generator[Fleet]:
    with Fleet(routers=2, nodes=2, database="postgres") as running:
        yield running


@asynccontextmanager
async def meanwhile(*work: Callable[[], Awaitable[None]]) -> AsyncGenerator[None]:
    """Do each of these again and again, until the block is left; what fails fails the block."""

    async def again(one: Callable[[], Awaitable[None]]) -> None:
        while True:
            await one()

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(again(one)) for one in work]
        yield
        for task in tasks:
            task.cancel()


async def come_and_go(connection: Connection, cache: str, topic: str) -> None:
    """Open a subscription, read for some seconds, and leave."""
    stream = connection.subscribe(cache, topic, 0, 0)
    try:
        async with asyncio.timeout(random.uniform(2, 10) * EASE):
            async for _ in stream:
                pass
    except TimeoutError:
        return
    except grpc.aio.AioRpcError:  # the workload's books tell whether something was lost
        await asyncio.sleep(0.5)


def revoke_a_key(tenant: Tenant, cache: str, port: int) -> None:
    """See that a stream ends with the key that it was opened with."""
    key, key_id = tenant.new_key()
    with closing(Client(port, key)) as client:
        stream = opened(client, cache)
        tenant.revoke(key_id)
        assert stream.end().code is grpc.StatusCode.UNAUTHENTICATED


def delete_a_cache(tenant: Tenant, port: int) -> None:
    """See that a stream ends with its cache."""
    cache = tenant.new_cache()
    with closing(Client(port, tenant.key)) as client:
        stream = opened(client, cache)
        tenant.owner.delete_cache(cache)
        assert stream.end().code is grpc.StatusCode.NOT_FOUND


def opened(client: Client, cache: str) -> Subscription:
    """Subscribe; a topic on its way from one node to another may be unavailable for a moment."""
    found: list[Subscription] = []

    def is_open() -> bool:
        try:
            found.append(client.subscribe(cache, "short-lived"))
        except grpc.RpcError as error:
            if refusal(error).code is not grpc.StatusCode.UNAVAILABLE:
                raise
        return bool(found)

    until(is_open, seconds=20, what="a subscription")
    return found[0]


async def restart(fleet: Fleet, node: Member) -> None:
    """Drain a node, which hands its topics over, and start it again."""
    assert await asyncio.to_thread(node.stop) == 0
    await asyncio.to_thread(node.restart)
    await asyncio.to_thread(fleet.wait_for_nodes, 2)


async def at_rest(vitals: Vitals, watching: asyncio.Task[None]) -> None:
    """Wait until those who came and went are gone from the routers too."""
    looks = max(len(looks) for looks in vitals.looks.values())
    while min(len(found) for found in vitals.looks.values()) < looks + 3:
        if watching.done():
            watching.result()
        await asyncio.sleep(0.2)


def _is_back(vitals: Vitals, before: Mapping[str, Look], connections: Mapping[str, int]) -> bool:
    """Whether files and tasks are what they were, but for connections to members that are open still."""
    return all(
        looks[-1].files <= before[name].files + connections.get(name, 0) * FILES_OF_A_CONNECTION + MOST_MORE_FILES
        and looks[-1].tasks <= before[name].tasks + MOST_MORE_TASKS
        for name, looks in vitals.looks.items()
    )


@pytest.mark.timeout(SECONDS + patient(240))
async def test_a_long_time_of_everything_loses_and_leaks_nothing(soaked: Fleet) -> None:
    soaked.wait_for_nodes(2)
    tenant = soaked.sign_up()
    reach = Reach([router.address for router in soaked.routers], tenant.key, tenant.new_cache())
    turns, ports = count(), [router.port for router in soaked.routers]
    vitals = Vitals([*soaked.routers, *soaked.accounts])
    watching = asyncio.create_task(vitals.run())
    shape = Shape(topics=8, subscribers=2, publishers=1, interval_seconds=0.1 * EASE)
    async with Workload(reach, shape) as load:
        crowd = load.connected(-(-COMING_AND_GOING // STREAMS_PER_CONNECTION // len(ports)))
        connections = {r.name: sum(each.address == r.address for each in crowd) for r in soaked.routers}
        comers = [
            partial(come_and_go, crowd[n % len(crowd)], reach.cache, load.topics[n % len(load.topics)])
            for n in range(COMING_AND_GOING)
        ]
        await at_rest(vitals, watching)
        before = {name: looks[-1] for name, looks in vitals.looks.items()}

        async def change() -> None:
            port = ports[next(turns) % len(ports)]
            await asyncio.to_thread(revoke_a_key, tenant, reach.cache, port)
            await asyncio.to_thread(delete_a_cache, tenant, port)
            await asyncio.sleep(1)

        async def replace_a_node() -> None:
            await asyncio.sleep(SECONDS / 10)
            await restart(soaked, soaked.nodes[next(turns) % 2])

        async with meanwhile(change, replace_a_node, *comers):
            await asyncio.sleep(SECONDS)
        settled_at = time.monotonic() + patient(REST_SECONDS)
        while not (is_back := _is_back(vitals, before, connections)) and time.monotonic() < settled_at:
            await at_rest(vitals, watching)
        found = await load.settle()
    watching.cancel()
    print(vitals, *(gap for seen in load.ledger.seen for gap in seen.gaps()))  # noqa: T201 - figures of a long run
    assert found.broken() == []
    # Nodes that drain hand over what they have; one that stood still for longer than its lease may cost a gap, told.
    assert max(found.discontinuities.values()) <= 1
    assert is_back, (before, {name: looks[-1] for name, looks in vitals.looks.items()})
    assert all(vitals.growth(name) < MOST_GROWTH for name in vitals.looks), vitals
    billed = await settled(tenant, len(load.ledger.acknowledged()))
    assert billed["publish"] >= len(load.ledger.acknowledged())
    assert "clean: " in await asyncio.to_thread(verify, soaked)
