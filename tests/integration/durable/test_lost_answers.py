"""An append whose answer is lost is sent again by the client; the item is still kept once."""

import asyncio
import contextlib
from typing import Any, cast

from api.names import Topic
from backplane.redis.connection import connect
from backplane.redis_location import location
from storage.durable.journal import StreamJournal
from storage.durable.topics import DurableTopics
from storage.node import Node
from tests.patience import patient
from tests.redis_server import redis_server

TOPIC = Topic("account", "cache", "chat", durable=True)
READ_BYTES = 65_536
DEADLINE_SECONDS = 10.0


class LosesOneAnswer:
    """Stands before Redis, and breaks the connection when it would have answered the request with `mark` in it."""

    def __init__(self, port: int, mark: bytes) -> None:
        self.lost = 0
        self._port = port
        self._mark = mark
        self._open = 0
        self._ended = asyncio.Event()

    async def ended(self) -> None:
        """Return when no connection is left."""
        async with asyncio.timeout(patient(DEADLINE_SECONDS)):
            while self._open:
                self._ended.clear()
                await self._ended.wait()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open += 1
        server_reader, server_writer = await asyncio.open_connection("127.0.0.1", self._port)
        marked = asyncio.Event()

        async def requests() -> None:
            while data := await reader.read(READ_BYTES):
                if self._mark in data:
                    marked.set()
                server_writer.write(data)

        async def answers() -> None:
            while data := await server_reader.read(READ_BYTES):
                if marked.is_set() and not self.lost:
                    self.lost += 1
                    return
                writer.write(data)

        work = [asyncio.create_task(requests()), asyncio.create_task(answers())]
        await asyncio.wait(work, return_when=asyncio.FIRST_COMPLETED)
        for task in work:
            task.cancel()
        await asyncio.gather(*work, return_exceptions=True)
        for end in (writer, server_writer):
            end.close()
            with contextlib.suppress(OSError):
                await end.wait_closed()
        self._open -= 1
        self._ended.set()


async def test_an_item_whose_acknowledgement_was_lost_is_kept_once() -> None:
    with redis_server(appendfsync="always") as server:
        proxy = LosesOneAnswer(server.port, b"marked")
        async with await asyncio.start_server(proxy.serve, "127.0.0.1", 0) as listener:
            client = connect(location(f"redis://127.0.0.1:{listener.sockets[0].getsockname()[1]}"))
            node = Node("node-1")
            topics = DurableTopics(node, StreamJournal(client, "test", "node-1"), lambda: 1)
            try:
                first = await topics.publish(TOPIC, b"before", b"")
                second = await topics.publish(TOPIC, b"marked", b"")
                kept = (await StreamJournal(client, "test", "node-2").claim(TOPIC)).entries
            finally:
                await topics.close()
                await cast("Any", client).aclose()
                await proxy.ended()
        assert proxy.lost == 1
        assert second == (first.page, 2)
        assert [entry.number for entry in kept] == [1, 2]
        history = node.history(TOPIC)
        assert history is not None
        assert [frame for _, frame in history.items()] == [entry.frame for entry in kept]
