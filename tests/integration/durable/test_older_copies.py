"""Redis comes back with an older copy of itself: no number is given twice, and subscribers are told."""

import shutil
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, cast

import pytest
from redis.exceptions import ConnectionError  # noqa: A004 - the client's

from api.errors import Unavailable
from api.items import Discontinuity, item_parts
from api.link import Resumed
from api.names import Topic
from backplane.redis.connection import connect
from backplane.redis_location import location
from storage.durable.journal import StreamJournal
from storage.durable.topics import DurableTopics
from storage.node import Node
from tests.redis_server import RedisServer, redis_server

TOPIC = Topic("account", "cache", "chat", durable=True)


class Watcher:
    """A router that only listens."""

    def item(self, topic: Topic, page: int, number: int, frame: bytes) -> None: ...

    def moved(self, topic: Topic, map_version: int) -> None: ...


class Storage:
    """A storage node, as long as its process lives."""

    def __init__(self, redis: RedisServer) -> None:
        self.client = connect(location(redis.url))
        self.node = Node("node-1")
        self.topics = DurableTopics(self.node, StreamJournal(self.client, "test", "node-1"), lambda: 1)

    async def publish(self, *values: str) -> list[tuple[int, int]]:
        """Publish texts; return page and number of each."""
        receipts = [await self.topics.publish(TOPIC, value.encode(), b"me") for value in values]
        return [(receipt.page, receipt.number) for receipt in receipts]

    async def resume(self, page: int, number: int) -> Resumed:
        await self.topics.load(TOPIC)
        return self.node.subscribe(TOPIC, Watcher(), number, page)


@asynccontextmanager
async def storage(redis: RedisServer) -> AsyncGenerator[Storage]:
    made = Storage(redis)
    try:
        yield made
    finally:
        await made.topics.close()
        await made.client.aclose()


@pytest.fixture
def redis() -> Generator[RedisServer]:
    with redis_server(appendfsync="always") as server:
        yield server


def copied(redis: RedisServer, folder: Path) -> Path:
    return Path(shutil.copytree(redis.folder, folder / "copy"))


def put_back(redis: RedisServer, copy: Path) -> None:
    redis.kill()
    shutil.copytree(copy, redis.folder, dirs_exist_ok=True)
    redis.start()


async def answers(node: Storage) -> bool:
    """Return when the node has a connection to the Redis that is there now."""
    while True:
        with suppress(ConnectionError):
            return bool(await cast("Any", node.client).ping())


def values(resumed: Resumed) -> list[str]:
    return [item_parts(frame)[0].decode() for frame in resumed.frames]


async def test_a_topic_of_an_older_copy_goes_on_on_a_new_page_with_all_that_is_left(
    redis: RedisServer, tmp_path: Path
) -> None:
    async with storage(redis) as before:
        [(page, _), _] = await before.publish("one", "two")
        copy = copied(redis, tmp_path)
        assert (await before.publish("three", "four"))[-1] == (page, 4)
    put_back(redis, copy)
    async with storage(redis) as after:
        resumed = await after.resume(page, 5)
        assert resumed.page > page
        assert resumed.discontinuity == Discontinuity(4, 1, resumed.page)
        assert values(resumed) == ["one", "two"]
        assert await after.publish("five") == [(resumed.page, 3)]
    async with storage(redis) as again:  # the store runs since before that: nothing is new
        assert values(await again.resume(resumed.page, 1)) == ["one", "two", "five"]


async def test_a_node_that_knows_better_than_an_older_copy_does_not_go_on_behind_it(
    redis: RedisServer, tmp_path: Path
) -> None:
    async with storage(redis) as node:
        [(page, _)] = await node.publish("one")
        copy = copied(redis, tmp_path)
        await node.publish("two")
        redis.kill()
        with pytest.raises(Unavailable):
            await node.publish("lost")
        put_back(redis, copy)
        [(new_page, number)] = await node.publish("three")
        assert (new_page > page, number) == (True, 2)


async def test_a_node_that_knows_that_nothing_is_lost_goes_on_where_it_was(redis: RedisServer) -> None:
    async with storage(redis) as node:
        [(page, _)] = await node.publish("one")
        redis.kill()
        with pytest.raises(Unavailable):
            await node.publish("lost")
        redis.start()
        assert await node.publish("two") == [(page, 2)]


async def test_a_node_mends_an_older_copy_of_what_it_has_in_memory(redis: RedisServer, tmp_path: Path) -> None:
    async with storage(redis) as node:
        [(page, _)] = await node.publish("one")
        copy = copied(redis, tmp_path)
        await node.publish("two")
        put_back(redis, copy)
        assert await answers(node)
        assert await node.publish("three") == [(page, 3)]
        resumed = await node.resume(page, 1)
        assert [page, *values(resumed)] == [resumed.page, "one", "two", "three"]
