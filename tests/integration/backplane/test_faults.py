"""What is known goes on while a Redis is killed, and all of it heals when it comes back with nothing."""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from pathlib import Path

import pytest

from accounts.component import Accounts, AccountsSettings
from accounts.database import sqlite_url
from accounts.tenants.repository import changed_since
from api.errors import Unavailable
from backplane.interface import Node, UsageBatch
from backplane.redis import RedisBackplane, store
from backplane.redis.store import CALL_SECONDS
from tests.patience import patient, until
from tests.redis_server import RedisServer, redis_server
from tests.unit.credentials import account

DEADLINE_SECONDS = 30.0
BOUND_SECONDS = 1.0
"""Of the fastest of three: the machine may stand still in one of them."""
NODES = (Node("node-1", "127.0.0.1:1", boot="a"), Node("node-2", "127.0.0.1:2", boot="b"))


@pytest.fixture
def own_server() -> Generator[RedisServer]:
    with redis_server() as running:
        yield running


@pytest.fixture
async def backplane(own_server: RedisServer) -> AsyncGenerator[RedisBackplane]:
    one = RedisBackplane(own_server.url, "faults", lease_seconds=1.0)
    await one.start()
    yield one
    await one.close()


async def beaten(backplane: RedisBackplane, condition: Callable[[], bool]) -> None:
    """Let all nodes beat until the condition holds; meanwhile none of them may leave a map that had it."""
    before = set(backplane.registry.map().nodes)
    async with asyncio.timeout(patient(DEADLINE_SECONDS)):
        while not condition():
            for node in NODES:
                await backplane.registry.beat(node)
            assert before <= set(backplane.registry.map().nodes)
            await asyncio.sleep(0.05)


async def seconds_to_fail(call: Callable[[], Awaitable[object]]) -> float:
    started = time.monotonic()
    with pytest.raises(Unavailable):
        await call()
    return time.monotonic() - started


async def test_a_killed_store_fails_fast_keeps_what_is_known_and_heals_empty(
    own_server: RedisServer, backplane: RedisBackplane, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry, directory, usage = backplane.registry, backplane.directory, backplane.usage
    await directory.put_account(account(version=3))
    await directory.account("acme")
    await beaten(backplane, lambda: len(registry.map().nodes) == len(NODES))
    before, epoch = registry.map(), await usage.epoch()
    own_server.kill()
    calls: list[Callable[[], Awaitable[object]]] = [
        lambda: registry.beat(NODES[0]),
        lambda: directory.account("unknown"),
        lambda: usage.append([UsageBatch("batch-1", b"1")]),
        lambda: directory.put_account(account(version=4)),
    ]
    with monkeypatch.context() as while_it_is_gone:
        while_it_is_gone.setattr(store, "CALL_SECONDS", CALL_SECONDS)
        for call in calls:
            assert min([await seconds_to_fail(call) for _ in range(3)]) < BOUND_SECONDS
    assert await directory.account("acme") == account(version=3)
    assert registry.map() == before
    own_server.restart(empty=True)
    await beaten(backplane, lambda: registry.map().version > before.version)
    assert registry.map().nodes == before.nodes
    assert await usage.epoch() != epoch
    assert await directory.account("acme") == account(version=3)
    await usage.append([UsageBatch("batch-1", b"1")])
    (got,) = await usage.read("one", 10, 1.0)
    assert got.batch == UsageBatch("batch-1", b"1")


async def test_a_store_that_is_full_says_so_and_nobody_leaves_the_map(
    own_server: RedisServer, backplane: RedisBackplane, caplog: pytest.LogCaptureFixture
) -> None:
    registry = backplane.registry
    await beaten(backplane, lambda: len(registry.map().nodes) == len(NODES))
    before = registry.map()
    assert backplane.state == "reachable"
    own_server.fill()
    await until(lambda: backplane.state == "refuses calls")
    for _ in range(20):
        with pytest.raises(Unavailable):
            await registry.beat(NODES[0])
    assert registry.map() == before
    assert sum("refuses a call" in record.message for record in caplog.records) == 1
    own_server.make_room()
    await beaten(backplane, lambda: backplane.state == "reachable")
    assert registry.map().nodes == before.nodes


@pytest.mark.parametrize("loss", ["FLUSHALL", "kill"])
async def test_a_store_that_lost_everything_is_filled_again_by_the_account_service(
    own_server: RedisServer, backplane: RedisBackplane, tmp_path: Path, loss: str
) -> None:
    writer = RedisBackplane(own_server.url, "faults")
    await writer.start()
    accounts = Accounts(
        AccountsSettings(data_dir=tmp_path, endpoint="tidings.test", database_url=sqlite_url(tmp_path), local=True),
        writer.directory,
    )
    await accounts.start()
    try:
        await filled(backplane)
        keys = accounts.keystore.public_keys()
        if loss == "FLUSHALL":
            own_server.command("FLUSHALL")
        else:
            own_server.restart(empty=True)
        await filled(backplane)
        newcomer = RedisBackplane(own_server.url, "faults")
        await newcomer.start()
        try:
            assert newcomer.directory.keys() == keys
            async with accounts.database.reading() as session:
                ids = [id for id, _ in await changed_since(session, 0)]
            assert ids
            for id in ids:
                assert await newcomer.directory.account(id) is not None
            assert await newcomer.directory.account("nobody") is None
        finally:
            await newcomer.close()
    finally:
        await accounts.close()
        await writer.close()


async def filled(backplane: RedisBackplane) -> None:
    async with asyncio.timeout(patient(DEADLINE_SECONDS)):
        while True:
            try:
                if await backplane.directory.is_filled():
                    return
            except Unavailable:
                pass
            await asyncio.sleep(0.02)
