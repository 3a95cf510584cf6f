"""A storage node on the network: serves the link of each router over one bidirectional gRPC stream."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from typing import Any

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from api import link_pb2 as wire
from api import link_pb2_grpc
from api.names import Topic
from api.outbox import Outbox, Overflow
from storage.node import Node

MAX_BATCH_BYTES = 16 * 1024 * 1024
MAX_WAITING_BYTES = 64 * 1024 * 1024
"""A router that has this much waiting for it does not read; its stream ends, and it connects again."""

ITEM_OVERHEAD_BYTES = 32
SERVICE = "tidings.link.v1.Storage"

_OPTIONS = [
    ("grpc.max_receive_message_length", MAX_BATCH_BYTES),
    ("grpc.max_send_message_length", MAX_BATCH_BYTES),
    ("grpc.http2.min_ping_interval_without_data_ms", 1000),
    # A router that keeps its connection alive must not be sent away for it (GOAWAY too_many_pings).
    ("grpc.http2.max_ping_strikes", 0),
    ("grpc.so_reuseport", 0),
]

_log = logging.getLogger(__name__)


class Session:
    """One router's stream, and the sink of the topics that it watches."""

    def __init__(self, node: Node) -> None:
        self.outbox: Outbox[wire.Event] = Outbox(MAX_WAITING_BYTES)
        self.overflowed = asyncio.Event()
        self._node = node
        self._watches: dict[Topic, int] = {}

    def __repr__(self) -> str:
        return f"<Session {len(self._watches)} topics watched, {self.outbox!r}>"

    def item(self, topic: Topic, page: int, number: int, frame: bytes) -> None:
        """Broadcast one item to the router."""
        item = wire.Item(watch=self._watches[topic], page=page, number=number, frame=frame)
        self._put(wire.Event(item=item), len(frame) + ITEM_OVERHEAD_BYTES)

    def take(self, request: wire.Request) -> None:
        """Do what the router asks, and queue the answer."""
        match request.WhichOneof("kind"):
            case "publish":
                publish = request.publish
                receipt = self._node.publish(_topic(publish.topic), publish.value, publish.publisher_id)
                answer = wire.Receipt(id=request.id, page=receipt.page, number=receipt.number)
                self._put(wire.Event(receipt=answer), ITEM_OVERHEAD_BYTES)
            case "subscribe":
                self._subscribe(request.id, request.subscribe)
            case "unsubscribe":
                topic = _topic(request.unsubscribe.topic)
                self._node.unsubscribe(topic, self)
                self._watches.pop(topic, None)
            case _:
                _log.warning("a router of a newer version asked for something unknown")

    def _subscribe(self, request_id: int, subscribe: wire.Subscribe) -> None:
        topic = _topic(subscribe.topic)
        self._watches[topic] = subscribe.watch
        resumed = self._node.subscribe(topic, self, subscribe.number, subscribe.page)
        answer = wire.Resumed(
            id=request_id, page=resumed.page, last=resumed.last, frames=resumed.frames, next=resumed.next
        )
        if resumed.discontinuity is not None:
            last, new, page = resumed.discontinuity
            answer.discontinuity.CopyFrom(wire.Discontinuity(last=last, new=new, page=page))
        self._put(wire.Event(resumed=answer), sum(map(len, resumed.frames)) + ITEM_OVERHEAD_BYTES)

    def _put(self, event: wire.Event, size: int) -> None:
        try:
            self.outbox.put(event, size)
        except Overflow:
            self.overflowed.set()


class Storage(link_pb2_grpc.StorageServicer):
    """The service behind the inner link."""

    def __init__(self, node: Node) -> None:
        self._node = node

    async def Connect(self, request_iterator: AsyncIterator[wire.RouterBatch], context: Any) -> None:  # noqa: N802, ANN401 - generated name; the stubs leave the type open
        """Serve one router until it leaves, or does not read what it asked for."""
        session = Session(self._node)

        async def write(events: list[wire.Event]) -> None:
            await context.write(wire.NodeBatch(events=events))

        async def read() -> None:
            async for batch in request_iterator:
                for request in batch.requests:
                    session.take(request)

        work = [asyncio.create_task(c) for c in (read(), session.outbox.drain_into(write), _wait(session.overflowed))]
        try:
            done, _ = await asyncio.wait(work, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
            if session.overflowed.is_set():
                await context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "the router does not read what it watches")
        finally:
            self._node.gone(session)
            for task in work:
                task.cancel()
            await asyncio.gather(*work, return_exceptions=True)


class Server:
    """The gRPC server of one storage node, with health and reflection."""

    def __init__(self, node: Node, address: str) -> None:
        """`address` is `host:port`; with port 0 a free one is taken, see `start`."""
        self._address = address
        self._server = grpc.aio.server(options=_OPTIONS)
        self._health = health.aio.HealthServicer()
        generated: Any = link_pb2_grpc
        generated.add_StorageServicer_to_server(Storage(node), self._server)
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        reflection.enable_server_reflection([SERVICE, health.SERVICE_NAME, reflection.SERVICE_NAME], self._server)

    async def start(self) -> int:
        """Serve; return the port."""
        port = self._server.add_insecure_port(self._address)
        await self._server.start()
        await self._health.set(SERVICE, health_pb2.HealthCheckResponse.SERVING)
        return port

    async def close(self, grace_seconds: float = 1.0) -> None:
        """Stop serving; streams that are open end after the grace."""
        with contextlib.suppress(asyncio.CancelledError):
            await self._health.enter_graceful_shutdown()
        await self._server.stop(grace_seconds)


async def _wait(event: asyncio.Event) -> None:
    await event.wait()


def _topic(topic: wire.Topic) -> Topic:
    return Topic(topic.account, topic.cache, topic.name)
