"""A backplane over a real Redis Cluster of three masters."""

import asyncio
import re
from collections.abc import Generator
from contextlib import ExitStack

import pytest

from backplane.interface import Ceiling, Demand, Node, UsageBatch
from backplane.redis import RedisBackplane
from tests.e2e.service import until
from tests.patience import patient
from tests.redis_server import RedisServer, redis_server
from tests.unit.credentials import account

SLOTS = 16_384
MASTERS = 3
DEADLINE_SECONDS = 40.0


@pytest.fixture(scope="module")
def cluster() -> Generator[list[RedisServer]]:
    options = ("--cluster-enabled", "yes", "--cluster-config-file", "nodes.conf", "--cluster-node-timeout", "2000")
    with ExitStack() as stack:
        servers = [stack.enter_context(redis_server(options=options)) for _ in range(MASTERS)]
        bounds = [SLOTS * number // MASTERS for number in range(MASTERS + 1)]
        for server, first, end in zip(servers, bounds, bounds[1:], strict=False):
            server.command("CLUSTER", "ADDSLOTS", *map(str, range(first, end)))
            server.command("CLUSTER", "MEET", "127.0.0.1", str(servers[0].port))
        until(lambda: all(is_whole(server) for server in servers), seconds=DEADLINE_SECONDS, what="the cluster")
        yield servers


def is_whole(server: RedisServer) -> bool:
    said = server.command("CLUSTER", "INFO")
    return "cluster_state:ok" in said and re.search(rf"cluster_known_nodes:{MASTERS}\b", said) is not None


async def test_a_cluster_carries_the_whole_backplane(cluster: list[RedisServer]) -> None:
    url = "redis+cluster://" + ",".join(server.address for server in cluster)
    one, two = (RedisBackplane(url, "test", lease_seconds=1.0, abandoned_seconds=0.2) for _ in range(2))
    await one.start()
    await two.start()
    try:
        heard: asyncio.Queue[int | None] = asyncio.Queue()
        two.directory.watch_accounts(lambda _, snapshot: heard.put_nowait(snapshot and snapshot.version))
        await one.directory.put_account(account(version=1))
        assert await two.directory.account("acme") == account(version=1)
        await one.directory.put_account(account(version=2))
        async with asyncio.timeout(patient(DEADLINE_SECONDS)):
            assert await heard.get() == 2
            node = Node("node-1", "127.0.0.1:1", boot="a")
            while set(two.registry.map().nodes) != {"node-1"}:
                await one.registry.beat(node)
                await asyncio.sleep(0.05)
        ceiling = Ceiling(100, 1000, 10)
        await one.quotas.exchange("router-1", {"acme": Demand(ceiling, publishes=5.0)})
        exchanged = await two.quotas.exchange("router-2", {"acme": Demand(ceiling)})
        assert (exchanged.routers, exchanged.standings["acme"].publishes) == (2, 5.0)
        await one.usage.append([UsageBatch("batch-1", b"1")])
        (got,) = await two.usage.read("one", 10, 1.0)
        assert got.batch == UsageBatch("batch-1", b"1")
        await two.usage.acknowledge([got.token])
    finally:
        await one.close()
        await two.close()
