"""The durable topics of a deleted cache are removed from Redis, and those of no other."""

from collections.abc import AsyncGenerator, Generator
from typing import Any, cast

import pytest

from api.names import Topic
from backplane.redis.connection import Client, connect, disconnect
from backplane.redis.topics import NAMES_AT_ONCE, RedisTopics
from backplane.redis_location import location
from storage.durable.journal import StreamJournal
from storage.durable.topics import DurableTopics
from storage.node import Node
from tests.redis_server import RedisServer, redis_server


@pytest.fixture(scope="module")
def server() -> Generator[RedisServer]:
    with redis_server() as running:
        yield running


@pytest.fixture
async def client(server: RedisServer) -> AsyncGenerator[Client]:
    server.command("FLUSHALL")
    made = connect(location(server.url))
    yield made
    await disconnect(made)


def topic(name: str, cache: str = "chat") -> Topic:
    return Topic("acme", cache, name, durable=True)


async def keys(client: Client) -> int:
    return int(await cast("Any", client).execute_command("DBSIZE"))


async def test_all_topics_of_a_cache_go_and_no_others(client: Client) -> None:
    node, journal = Node("node-1"), StreamJournal(client, "test", "node-1")
    durable, removing = DurableTopics(node, journal, lambda: 1), RedisTopics(client, "test")
    names = [f"topic {number}" for number in range(2 * NAMES_AT_ONCE)]
    for name in (*names, "a:b"):
        await durable.publish(topic(name), b"x", b"")
    await durable.publish(topic("topic 1", "cha"), b"x", b"")
    await durable.publish(topic("ünïcode", "news"), b"x", b"")
    assert await removing.remove("acme", "chat", for_good=False) == len(names) + 1
    assert await keys(client) == 1 + 2 * 3  # what was there is known until it is removed for good
    assert await removing.remove("acme", "news", for_good=True) == 1
    assert await removing.remove("acme", "news", for_good=True) == 0
    assert [entry.number for entry in (await journal.claim(topic("topic 1", "cha"))).entries] == [1]


async def test_what_a_node_writes_late_is_removed_at_the_second_time(client: Client) -> None:
    node, journal = Node("node-1"), StreamJournal(client, "test", "node-1")
    durable, removing = DurableTopics(node, journal, lambda: 1), RedisTopics(client, "test")
    await durable.publish(topic("late"), b"x", b"")
    await removing.remove("acme", "chat", for_good=False)
    await durable.publish(topic("late"), b"y", b"")
    assert await removing.remove("acme", "chat", for_good=True) == 1
    assert await keys(client) == 0
    await durable.close()
