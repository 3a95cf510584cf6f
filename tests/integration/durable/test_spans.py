"""A durable item is broadcast as part of the trace of its own publish, although it goes out with others."""

import asyncio
from collections.abc import AsyncGenerator, Generator

import pytest

from api.names import Topic
from api.tracing import Carried, Span, current, within
from backplane.redis.connection import Client, connect, disconnect
from backplane.redis_location import location
from storage.durable.journal import StreamJournal
from storage.durable.topics import DurableTopics
from storage.node import Node
from tests.redis_server import RedisServer, redis_server

TOPIC = Topic("acme", "chat", "traced", durable=True)


class Watcher:
    """A router that notes below which span each item comes."""

    def __init__(self) -> None:
        self.heard: dict[int, Span | None] = {}

    def item(self, topic: Topic, page: int, number: int, frame: bytes) -> None:
        self.heard[number] = current()

    def moved(self, topic: Topic, map_version: int) -> None: ...


@pytest.fixture
def redis() -> Generator[RedisServer]:
    with redis_server() as running:
        yield running


@pytest.fixture
async def client(redis: RedisServer) -> AsyncGenerator[Client]:
    made = connect(location(redis.url))
    yield made
    await disconnect(made)


async def test_each_item_of_a_group_has_the_span_of_its_own_publish(client: Client) -> None:
    node, watcher = Node("node-1"), Watcher()
    durable = DurableTopics(node, StreamJournal(client, "test", "node-1"), lambda: 1)
    await durable.load(TOPIC)
    node.subscribe(TOPIC, watcher, 0, 0)
    spans: list[Span | None] = [Carried("first"), None, Carried("third"), None]

    async def publish(span: Span | None) -> None:
        if span is None:
            await durable.publish(TOPIC, b"x", b"")
        else:
            with within(span):
                await durable.publish(TOPIC, b"x", b"")

    await asyncio.gather(*map(publish, spans))
    await durable.close()
    assert [watcher.heard[number] for number in range(1, 5)] == spans
