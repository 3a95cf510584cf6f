"""The link to a storage node on another machine: one gRPC stream, shared by all of a router's subscribers.

When the stream breaks, what was asked and not answered fails as unavailable, and the link connects again and takes up
every watched topic where it was: subscribers see nothing of it, or one Discontinuity where something is missing. It
asks as well which publishes were stored, so that these count as used.
"""

import asyncio
import logging
import secrets
from collections.abc import Callable, Sequence
from typing import Any

import grpc

from api import link_pb2 as wire
from api import link_pb2_grpc
from api.errors import DeadlineExceeded, Unavailable
from api.items import Discontinuity
from api.link import Moved, Receipt, Resumed, Sink
from api.link_security import LinkSecurity, channel
from api.names import Topic
from api.outbox import Outbox, Overflow
from api.tracing import Carried, current, within
from router.links.watches import Watches, topic_message

MAX_BATCH_BYTES = 16 * 1024 * 1024
MAX_WAITING_BYTES = 64 * 1024 * 1024
FIRST_RETRY_SECONDS = 0.05
LAST_RETRY_SECONDS = 1.0
CONNECT_SECONDS = 2.0
SUBSCRIBE_TIMEOUT_SECONDS = 4.0
"""Less than the five seconds after which SDKs give up waiting for the first message of a subscription."""

REQUEST_OVERHEAD_BYTES = 64
MOST_UNSURE = 65_536
"""Publishes whose answers were lost, while there is no connection on which to ask; a node remembers as many."""

_OPTIONS: Sequence[tuple[str, str | int]] = [
    ("grpc.max_receive_message_length", MAX_BATCH_BYTES),
    ("grpc.max_send_message_length", MAX_BATCH_BYTES),
    ("grpc.keepalive_time_ms", 2000),
    ("grpc.keepalive_timeout_ms", 1000),
    ("grpc.http2.max_pings_without_data", 0),
    ("grpc.use_local_subchannel_pool", 1),
]

_log = logging.getLogger(__name__)


class RemoteLink:
    """Implements `api.link.Link` over the network."""

    def __init__(
        self,
        address: str,
        sink: Sink,
        map_version: Callable[[], int] = lambda: 0,
        security: LinkSecurity | None = None,
    ) -> None:
        """Link to the node at `address`, `host:port`.

        Args:
            address: Where the node's gRPC server listens.
            sink: Is told of the items of watched topics.
            map_version: Returns the version of the map that the router goes by.
            security: How router and node know each other.
        """
        self._address = address
        self._map_version = map_version
        self._security = security
        self._asked: dict[int, asyncio.Future[wire.Event]] = {}
        self._stored: dict[int, Callable[[], None]] = {}
        """What to call when a publish is stored, whoever still waits for that."""
        self._unsure: dict[int, Callable[[], None]] = {}
        """The same of publishes whose answers were lost with a connection."""
        self._name = secrets.token_hex(8)
        self._watches = Watches(sink, self._send_if_connected, self._answer)
        self._outbox: Outbox[wire.Request] | None = None
        self._connected = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._left = False

    def __repr__(self) -> str:
        state = "left" if self._left else "connected" if self._outbox is not None else "connecting"
        return f"<RemoteLink {self._address} {state}, {len(self._watches)} topics, {len(self._asked)} unacked>"

    @property
    def is_connected(self) -> bool:
        return self._outbox is not None

    @property
    def waiting_bytes(self) -> int:
        return self._outbox.waiting_bytes if self._outbox is not None else 0

    def start(self) -> None:
        """Connect, and stay connected until `leave`."""
        self._task = asyncio.create_task(self._run())

    def leave(self) -> None:
        self._left = True
        self._connected.set()
        if self._task is not None:
            self._task.cancel()

    async def close(self) -> None:
        """Leave, and return when the connection is closed."""
        self.leave()
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)

    async def publish(
        self, topic: Topic, value: bytes, publisher_id: bytes, timeout: float, stored: Callable[[], None]
    ) -> Receipt:
        publish = wire.Publish(topic=topic_message(topic), value=value, publisher_id=publisher_id)
        if span := current():
            publish.traceparent = span.traceparent
        request = wire.Request(id=self._watches.next_id(), publish=publish)
        receipt = (await self._ask(request, len(value), timeout, stored)).receipt
        return Receipt(receipt.page, receipt.number)

    async def subscribe(self, topic: Topic, number: int, page: int) -> Resumed:
        request = self._watches.subscribe(topic, number, page)
        try:
            event = await self._ask(request, 0, SUBSCRIBE_TIMEOUT_SECONDS)
        finally:
            self._watches.given_up(request.id)
        return _resumed(event.resumed)

    def watch(self, topic: Topic, page: int, last: int) -> None:
        self._watches.begin(topic, page, last)

    def unsubscribe(self, topic: Topic) -> None:
        self._watches.end(topic)

    async def _ask(
        self, request: wire.Request, size: int, timeout: float, stored: Callable[[], None] | None = None
    ) -> wire.Event:
        answer: asyncio.Future[wire.Event] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(timeout):
                outbox = await self._connection()
                self._asked[request.id] = answer
                self._put(outbox, request, size)
                if stored is not None:
                    self._stored[request.id] = stored
                event = await answer
        except TimeoutError:
            if self._outbox is None:
                raise Unavailable("the topic's storage node cannot be reached") from None
            raise DeadlineExceeded("the topic's storage node did not answer in time") from None
        finally:
            self._asked.pop(request.id, None)
        if event.WhichOneof("kind") == "moved":
            raise Moved(event.moved.map_version)
        if event.WhichOneof("kind") == "failed":
            raise Unavailable(event.failed.message)
        return event

    async def _connection(self) -> Outbox[wire.Request]:
        while self._outbox is None:
            if self._left:
                raise Moved
            await self._connected.wait()
        return self._outbox

    def _put(self, outbox: Outbox[wire.Request], request: wire.Request, size: int) -> None:
        try:
            outbox.put(request, size + REQUEST_OVERHEAD_BYTES)
        except Overflow as reason:
            raise Unavailable("the topic's storage node does not keep up") from reason

    def _send_if_connected(self, request: wire.Request) -> None:
        if self._outbox is not None:
            self._outbox.put(request, 0)  # bounded by the number of topics, and none of these may be lost

    async def _run(self) -> None:
        retry_seconds = FIRST_RETRY_SECONDS
        while True:
            try:
                async with channel(self._address, _OPTIONS, self._security) as connection:
                    stub: Any = link_pb2_grpc.StorageStub(connection)
                    await self._serve(stub.Connect())
                retry_seconds = FIRST_RETRY_SECONDS
            except (grpc.RpcError, TimeoutError) as reason:
                _log.warning("the link to %s broke: %s", self._address, _why(reason))
            except Exception:  # noqa: BLE001 - whatever it was, a router without its link would never recover
                _log.exception("the link to %s failed", self._address)
            finally:
                self._disconnected()
            await asyncio.sleep(retry_seconds)
            retry_seconds = min(retry_seconds * 2, LAST_RETRY_SECONDS)

    async def _serve(self, stream: grpc.aio.StreamStreamCall[wire.RouterBatch, wire.NodeBatch]) -> None:
        async with asyncio.timeout(CONNECT_SECONDS):
            await stream.wait_for_connection()

        async def write(requests: list[wire.Request]) -> None:
            await stream.write(wire.RouterBatch(requests=requests, map_version=self._map_version(), link=self._name))

        self._outbox = outbox = Outbox[wire.Request](MAX_WAITING_BYTES)
        if self._unsure:
            self._send_if_connected(wire.Request(recall=wire.Recall(ids=list(self._unsure))))
        self._watches.connected()
        self._connected.set()
        writer = asyncio.create_task(outbox.drain_into(write))
        try:
            async for batch in stream:
                for event in batch.events:
                    self._take(event)
        finally:
            writer.cancel()
            await asyncio.gather(writer, return_exceptions=True)

    def _take(self, event: wire.Event) -> None:
        match event.WhichOneof("kind"):
            case "item":
                self._item(event.item)
            case "receipt":
                if stored := self._stored.pop(event.receipt.id, None):
                    stored()
                self._answer(event.receipt.id, event)
            case "failed":
                self._stored.pop(event.failed.id, None)
                self._answer(event.failed.id, event)
            case "resumed":
                self._watches.resumed(event)
            case "recalled":
                self._recalled(event.recalled)
            case "moved":
                self._stored.pop(event.moved.id, None)
                self._watches.moved(event)
            case _:
                _log.warning("a storage node of a newer version said something unknown")

    def _item(self, item: wire.Item) -> None:
        if item.traceparent:
            with within(Carried(item.traceparent)):
                self._watches.item(item)
        else:
            self._watches.item(item)

    def _recalled(self, recalled: wire.Recalled) -> None:
        unsure, self._unsure = self._unsure, {}
        for id in recalled.ids:
            if stored := unsure.get(id):
                stored()

    def _answer(self, request_id: int, event: wire.Event) -> None:
        future = self._asked.get(request_id)
        if future is not None and not future.done():
            future.set_result(event)

    def _disconnected(self) -> None:
        self._outbox = None
        self._unsure.update(self._stored)
        for id in list(self._unsure)[:-MOST_UNSURE]:
            del self._unsure[id]
        self._stored.clear()
        if not self._left:
            self._connected.clear()
        self._watches.disconnected()
        for future in self._asked.values():
            if not future.done():
                future.set_exception(
                    Unavailable("the link to the topic's storage node broke; the value may be published")
                )


def _why(reason: grpc.RpcError | TimeoutError) -> str:
    return str(reason.code()) if isinstance(reason, grpc.aio.AioRpcError) else "no answer in time"


def _resumed(resumed: wire.Resumed) -> Resumed:
    told = resumed.discontinuity
    discontinuity = Discontinuity(told.last, told.new, told.page) if resumed.HasField("discontinuity") else None
    return Resumed(resumed.page, resumed.last, discontinuity, list(resumed.frames), resumed.next)
