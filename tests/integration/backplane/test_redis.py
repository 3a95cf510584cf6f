"""What one process writes, another reads; on each kind of Redis."""

import asyncio

import pytest

from api.errors import Unavailable
from backplane.interface import Node, NodeIdTaken, NodeMap, UsageBatch
from backplane.redis import RedisBackplane, store
from backplane.redis.store import CALL_SECONDS
from backplane.redis.usage import RedisUsage
from tests.patience import patient, until
from tests.redis_server import RedisServer
from tests.unit.credentials import PUBLIC_KEYS, account

DEADLINE_SECONDS = 30.0
Pair = tuple[RedisBackplane, RedisBackplane]


async def settled(backplane: RedisBackplane, *nodes: Node) -> None:
    """Beat until the map is shown: after a start nobody sees it before a lease's time is over."""
    async with asyncio.timeout(patient(DEADLINE_SECONDS)):
        while set(backplane.registry.map().nodes) < {node.id for node in nodes}:
            for node in nodes:
                await backplane.registry.beat(node)
            await asyncio.sleep(0.05)


async def test_accounts_and_keys_reach_the_other_side(pair: Pair) -> None:
    writer, reader = pair
    heard: list[int | None] = []
    reader.directory.watch_accounts(lambda _, snapshot: heard.append(snapshot and snapshot.version))
    await writer.directory.put_keys(PUBLIC_KEYS)
    await until(lambda: dict(reader.directory.keys()) == dict(PUBLIC_KEYS))
    await writer.directory.put_account(account(version=1))
    assert await reader.directory.account("acme") == account(version=1)
    await writer.directory.put_account(account(version=3))
    await until(lambda: heard[-1:] == [3])
    await writer.directory.put_account(account(version=2))
    assert await reader.directory.account("acme") == account(version=3)
    await writer.directory.remove_account("acme")
    await until(lambda: heard[-1:] == [None])
    await writer.directory.put_account(account(version=9))
    assert await reader.directory.account("acme") is None


async def test_the_map_has_who_beats_and_loses_who_does_not(pair: Pair) -> None:
    one, two = pair
    first, second = Node("node-1", "127.0.0.1:1", boot="a"), Node("node-2", "127.0.0.1:2", boot="b")
    maps: list[NodeMap] = []
    two.registry.watch_map(maps.append)
    await settled(one, first, second)
    await until(lambda: set(two.registry.map().nodes) == {"node-1", "node-2"})
    with pytest.raises(NodeIdTaken):
        await two.registry.beat(Node("node-1", "127.0.0.1:9", boot="c"))
    async with asyncio.timeout(patient(DEADLINE_SECONDS)):
        while set(two.registry.map().nodes) != {"node-2"}:
            await one.registry.beat(second)
            await asyncio.sleep(0.05)
    await one.registry.leave("node-2")
    await until(lambda: not two.registry.map().nodes)
    versions = [seen.version for seen in maps]
    assert versions == sorted(set(versions))


async def test_routers_hear_how_far_their_batches_are_applied(pair: Pair) -> None:
    router, accounts = pair
    assert await router.usage.applied(["router-1/a", "router-1/b"]) == {}
    await accounts.usage.mark({"router-1/a": 7, "router-1/b": 2**50})
    await accounts.usage.mark({"router-1/a": 5})
    await accounts.usage.mark({})
    assert await router.usage.applied(["router-1/b", "router-1/a", "c"]) == {"router-1/a": 7, "router-1/b": 2**50}
    assert await router.usage.applied([]) == {}


async def test_usage_comes_at_least_once_and_goes_when_it_was_applied(pair: Pair) -> None:
    router, accounts = pair
    batches = [UsageBatch(f"batch-{number}", b"%d" % number) for number in range(3)]
    await router.usage.append(batches)
    got = await accounts.usage.read("one", 10, 1.0)
    assert [delivered.batch for delivered in got] == batches
    await accounts.usage.acknowledge([got[0].token])
    async with asyncio.timeout(patient(DEADLINE_SECONDS)):
        again = await accounts.usage.read("two", 10, 1.0)
        while not again:
            again = await accounts.usage.read("two", 10, 1.0)
    assert [delivered.batch for delivered in again] == batches[1:]


async def test_a_store_that_stands_still_is_unavailable_in_bounded_time_and_heals(
    server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    backplane = RedisBackplane(server.url, "still", lease_seconds=1.0)
    await backplane.start()
    try:
        await backplane.directory.put_account(account(version=1))
        await backplane.directory.account("acme")
        node = Node("node-1", "127.0.0.1:1", boot="a")
        await settled(backplane, node)
        before = backplane.registry.map()
        server.pause()
        with monkeypatch.context() as while_it_stands:
            while_it_stands.setattr(store, "CALL_SECONDS", CALL_SECONDS)
            async with asyncio.timeout(patient(DEADLINE_SECONDS)):
                with pytest.raises(Unavailable):
                    await backplane.registry.beat(node)
                with pytest.raises(Unavailable):
                    await backplane.directory.account("unknown")
        assert await backplane.directory.account("acme") == account(version=1)
        assert backplane.registry.map() == before
        server.resume()
        await settled(backplane, node)
        assert backplane.registry.map().version >= before.version
    finally:
        server.resume()
        await backplane.close()


async def test_a_store_that_came_back_empty_is_noticed(server: RedisServer) -> None:
    backplane = RedisBackplane(server.url, "empty", lease_seconds=1.0)
    await backplane.start()
    try:
        node = Node("node-1", "127.0.0.1:1", boot="a")
        assert not await backplane.directory.is_filled()
        await backplane.directory.mark_filled()
        assert await backplane.directory.is_filled()
        await settled(backplane, node)
        version, epoch = backplane.registry.map().version, await backplane.usage.epoch()
        server.command("FLUSHALL")
        assert not await backplane.directory.is_filled()
        assert await backplane.usage.epoch() != epoch
        async with asyncio.timeout(patient(DEADLINE_SECONDS)):
            while backplane.registry.map().version <= version:
                assert set(backplane.registry.map().nodes) == {"node-1"}
                await backplane.registry.beat(node)
                await asyncio.sleep(0.05)
        assert set(backplane.registry.map().nodes) == {"node-1"}
    finally:
        await backplane.close()


async def test_usage_takes_a_bounded_part_of_the_store(url: str) -> None:
    backplane = RedisBackplane(url, "bounded")
    usage = RedisUsage(backplane._store, most_bytes=20_000)
    batches = [UsageBatch(f"router-1/boot/{number}", bytes(1000), bytes(32)) for number in range(10)]

    async def fill() -> None:
        while True:
            await usage.append(batches)

    try:
        with pytest.raises(Unavailable, match="batches of usage wait for the account service"):
            await fill()
        found = await usage.read("accounts", 100, 0)
        assert [each.batch for each in found[:10]] == batches
        await usage.acknowledge([each.token for each in found])
        await usage.append(batches[:1])  # there is room again
    finally:
        await backplane.close()
