"""What the inner link does when something goes wrong on the router's side of it."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest
from momento_wire_types import cachepubsub_pb2 as wire

from api.errors import Unavailable
from api.names import Topic
from router.feed import Feed
from router.links.remote import RemoteLink
from storage.node import Node
from storage.server import Server
from tests.patience import patient
from tests.unit.asgi import parsed

TOPIC = Topic("acme", "acme-cache", "topic")
VALUE = wire._TopicValue(text="x" * 100_000).SerializeToString()
DEADLINE_SECONDS = 20.0


class Reader:
    """A sink with one feed, and a change to wait for."""

    def __init__(self) -> None:
        self.feed = Feed(TOPIC, "node-1", 1 << 24)
        self.failures_left = 0
        self._changed = asyncio.Event()

    def item(self, topic: Topic, page: int, number: int, frame: bytes) -> None:
        if self.failures_left:
            self.failures_left -= 1
            raise RuntimeError("broken")
        self.feed.append(page, number, frame)
        self._changed.set()

    def stands(self, topic: Topic, page: int, last: int) -> None:
        self.feed.align(page, last)

    def moved(self, topic: Topic, map_version: int) -> None:
        raise AssertionError(f"nobody moved {topic} at {map_version}")

    async def until_it_has(self, number: int) -> None:
        async with asyncio.timeout(patient(DEADLINE_SECONDS)):
            while self.feed.log.last < number:
                self._changed.clear()
                await self._changed.wait()

    def everything(self) -> list[str | int | None]:
        """Return the numbers of all items, and `discontinuity` where there was one."""
        found: list[str | int | None] = []
        cursor = self.feed.log.start
        while chunk := self.feed.log.after(cursor, 1 << 24):
            cursor = chunk.cursor
            for message in parsed(chunk.data):
                is_item = message.HasField("item")
                found.append(message.item.topic_sequence_number if is_item else message.WhichOneof("kind"))
        return found


@asynccontextmanager
async def serving(node: Node, port: int = 0) -> AsyncGenerator[int]:
    server = Server(node, f"127.0.0.1:{port}")
    try:
        yield await server.start()
    finally:
        await server.close(0)


async def watched(link: RemoteLink, reader: Reader) -> None:
    resumed = await link.subscribe(TOPIC, 0, 0)
    reader.feed.align(resumed.page, resumed.last)


async def until_it_connects(link: RemoteLink) -> None:
    async with asyncio.timeout(patient(DEADLINE_SECONDS)):
        while "connecting" not in repr(link):
            await asyncio.sleep(0.01)


async def test_a_link_survives_what_breaks_behind_it_and_tells_what_was_lost() -> None:
    reader = Reader()
    async with serving(Node("node-1")) as port:
        link = RemoteLink(f"127.0.0.1:{port}", reader)
        link.start()
        await watched(link, reader)
        reader.failures_left = 1
        with pytest.raises(Unavailable, match="may be published"):
            await link.publish(TOPIC, VALUE, b"", 5.0, lambda: None)
        assert (await link.publish(TOPIC, VALUE, b"", 5.0, lambda: None)).number == 2
        await reader.until_it_has(2)
        await link.close()
    assert reader.everything() == ["discontinuity", 2]


async def test_a_subscriber_that_comes_while_much_is_caught_up_costs_the_others_nothing() -> None:
    node, reader = Node("node-1"), Reader()
    async with serving(node) as port:
        link = RemoteLink(f"127.0.0.1:{port}", reader)
        link.start()
        await watched(link, reader)
        await link.publish(TOPIC, VALUE, b"", 5.0, lambda: None)
        await reader.until_it_has(1)
    for _ in range(20):
        node.publish(TOPIC, VALUE, b"")
    await until_it_connects(link)
    newcomer = asyncio.create_task(watched(link, reader))
    async with serving(node, port):
        async with asyncio.timeout(patient(DEADLINE_SECONDS)):
            await newcomer
        await link.publish(TOPIC, VALUE, b"", 5.0, lambda: None)
        await reader.until_it_has(22)
        await link.close()
    assert reader.everything() == list(range(1, 23))
