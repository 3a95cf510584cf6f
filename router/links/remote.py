"""The link to a storage node on another machine: one gRPC stream, shared by all of a router's subscribers.

When the stream breaks, what was asked and not answered fails as unavailable, and the link connects again and takes up
every watched topic where it was: subscribers see nothing of it, or one Discontinuity where something is missing.
"""

import asyncio
import contextlib
import itertools
import logging
from dataclasses import dataclass, field
from typing import Any

import grpc

from api import link_pb2 as wire
from api import link_pb2_grpc
from api.errors import DeadlineExceeded, Unavailable
from api.items import Discontinuity
from api.link import Receipt, Resumed, Sink
from api.names import Topic
from api.outbox import Outbox, Overflow

MAX_BATCH_BYTES = 16 * 1024 * 1024
MAX_WAITING_BYTES = 64 * 1024 * 1024
FIRST_RETRY_SECONDS = 0.05
LAST_RETRY_SECONDS = 1.0
SUBSCRIBE_TIMEOUT_SECONDS = 4.0
"""Less than the five seconds after which SDKs give up waiting for the first message of a subscription."""

REQUEST_OVERHEAD_BYTES = 64

_OPTIONS = [
    ("grpc.max_receive_message_length", MAX_BATCH_BYTES),
    ("grpc.max_send_message_length", MAX_BATCH_BYTES),
    ("grpc.keepalive_time_ms", 5000),
    ("grpc.keepalive_timeout_ms", 1000),
    ("grpc.use_local_subchannel_pool", 1),
]

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Watch:
    """A watched topic: its number on this link, and the newest item seen of it."""

    topic: Topic
    id: int
    page: int = 0
    last: int = 0
    retaking: bool = False
    """Between a new connection and the answer that has everything up to now; what is broadcast before is in it."""
    held: list[wire.Event] = field(default_factory=list[wire.Event])
    """Answers to new subscribers that wait meanwhile: they speak of items that the others are still to get."""


class RemoteLink:
    """Implements `api.link.Link` over the network."""

    def __init__(self, address: str, sink: Sink) -> None:
        """`address` is the node's `host:port`; `sink` is told of the items of watched topics."""
        self._address = address
        self._sink = sink
        self._ids = itertools.count(1)
        self._asked: dict[int, asyncio.Future[wire.Event]] = {}
        self._watches: dict[Topic, _Watch] = {}
        self._by_id: dict[int, _Watch] = {}
        self._resuming: dict[int, tuple[_Watch, bool]] = {}
        self._outbox: Outbox[wire.Request] | None = None
        self._connected = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def __repr__(self) -> str:
        state = "connected" if self._outbox is not None else "connecting"
        return f"<RemoteLink {self._address} {state}, {len(self._watches)} topics, {len(self._asked)} unacked>"

    def start(self) -> None:
        """Connect, and stay connected until `close`."""
        self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        """Disconnect for good."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def publish(self, topic: Topic, value: bytes, publisher_id: bytes, timeout: float) -> Receipt:
        publish = wire.Publish(topic=_topic(topic), value=value, publisher_id=publisher_id)
        request = wire.Request(id=next(self._ids), publish=publish)
        receipt = (await self._ask(request, len(value), timeout)).receipt
        return Receipt(receipt.page, receipt.number)

    async def subscribe(self, topic: Topic, number: int, page: int) -> Resumed:
        watch = self._watches.get(topic)
        if watch is None:
            watch = self._watches[topic] = _Watch(topic, next(self._ids))
            self._by_id[watch.id] = watch
        subscribe = wire.Subscribe(topic=_topic(topic), watch=watch.id, number=number, page=page)
        request = wire.Request(id=next(self._ids), subscribe=subscribe)
        self._resuming[request.id] = (watch, False)
        try:
            event = await self._ask(request, 0, SUBSCRIBE_TIMEOUT_SECONDS)
        finally:
            self._resuming.pop(request.id, None)
        return _resumed(event.resumed)

    def unsubscribe(self, topic: Topic) -> None:
        watch = self._watches.pop(topic, None)
        if watch is not None:
            del self._by_id[watch.id]
            if self._outbox is not None:
                self._put(self._outbox, wire.Request(unsubscribe=wire.Unsubscribe(topic=_topic(topic))), 0)

    async def _ask(self, request: wire.Request, size: int, timeout: float) -> wire.Event:
        answer: asyncio.Future[wire.Event] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(timeout):
                while self._outbox is None:
                    await self._connected.wait()
                self._asked[request.id] = answer
                self._put(self._outbox, request, size)
                return await answer
        except TimeoutError:
            if self._outbox is None:
                raise Unavailable("the topic's storage node cannot be reached") from None
            raise DeadlineExceeded("the topic's storage node did not answer in time") from None
        finally:
            self._asked.pop(request.id, None)

    def _put(self, outbox: Outbox[wire.Request], request: wire.Request, size: int) -> None:
        try:
            outbox.put(request, size + REQUEST_OVERHEAD_BYTES)
        except Overflow as reason:
            raise Unavailable("the topic's storage node does not keep up") from reason

    async def _run(self) -> None:
        retry_seconds = FIRST_RETRY_SECONDS
        while True:
            try:
                async with grpc.aio.insecure_channel(self._address, options=_OPTIONS) as channel:
                    stub: Any = link_pb2_grpc.StorageStub(channel)
                    await self._serve(stub.Connect())
                retry_seconds = FIRST_RETRY_SECONDS
            except grpc.RpcError as reason:
                _log.warning("the link to %s broke: %s", self._address, reason.code())
            except Exception:  # noqa: BLE001 - whatever it was, a router without its link would never recover
                _log.exception("the link to %s failed", self._address)
            finally:
                self._disconnected()
            await asyncio.sleep(retry_seconds)
            retry_seconds = min(retry_seconds * 2, LAST_RETRY_SECONDS)

    async def _serve(self, stream: grpc.aio.StreamStreamCall[wire.RouterBatch, wire.NodeBatch]) -> None:
        outbox: Outbox[wire.Request] = Outbox(MAX_WAITING_BYTES)
        await stream.wait_for_connection()

        async def write(requests: list[wire.Request]) -> None:
            await stream.write(wire.RouterBatch(requests=requests))

        for watch in self._watches.values():
            self._retake(watch, outbox)
        self._outbox = outbox
        self._connected.set()
        writer = asyncio.create_task(outbox.drain_into(write))
        try:
            async for batch in stream:
                for event in batch.events:
                    self._take(event)
        finally:
            writer.cancel()
            with contextlib.suppress(asyncio.CancelledError, grpc.RpcError, asyncio.InvalidStateError):
                await writer

    def _retake(self, watch: _Watch, outbox: Outbox[wire.Request]) -> None:
        number, page = (watch.last + 1, watch.page) if watch.page else (0, 0)
        subscribe = wire.Subscribe(topic=_topic(watch.topic), watch=watch.id, number=number, page=page)
        request = wire.Request(id=next(self._ids), subscribe=subscribe)
        watch.retaking = True
        self._resuming[request.id] = (watch, True)
        self._put(outbox, request, 0)

    def _take(self, event: wire.Event) -> None:
        match event.WhichOneof("kind"):
            case "item":
                item = event.item
                watch = self._by_id.get(item.watch)
                if watch is not None and not watch.retaking:
                    self._tell(watch, item.page, item.number, item.frame)
            case "receipt":
                self._answer(event.receipt.id, event)
            case "resumed":
                self._resume(event)
            case _:
                _log.warning("a storage node of a newer version said something unknown")

    def _resume(self, event: wire.Event) -> None:
        resumed = event.resumed
        watch, retaken = self._resuming.pop(resumed.id, (None, False))
        if watch is not None and retaken:
            self._catch_up(watch, resumed)
        elif watch is not None and watch.retaking:
            watch.held.append(event)
        elif watch is not None:
            watch.page, watch.last = resumed.page, resumed.last
            self._answer(resumed.id, event)

    def _catch_up(self, watch: _Watch, resumed: wire.Resumed) -> None:
        if watch.page:
            first = resumed.next - len(resumed.frames)
            for offset, frame in enumerate(resumed.frames):
                self._tell(watch, resumed.page, first + offset, frame)
        watch.page, watch.last = resumed.page, resumed.next - 1
        watch.retaking = resumed.next <= resumed.last
        if watch.retaking:
            if self._outbox is not None:
                self._retake(watch, self._outbox)
            return
        held, watch.held = watch.held, []
        for event in held:
            self._answer(event.resumed.id, event)

    def _tell(self, watch: _Watch, page: int, number: int, frame: bytes) -> None:
        watch.page, watch.last = page, number
        self._sink.item(watch.topic, page, number, frame)

    def _answer(self, request_id: int, event: wire.Event) -> None:
        future = self._asked.get(request_id)
        if future is not None and not future.done():
            future.set_result(event)

    def _disconnected(self) -> None:
        self._outbox = None
        self._connected.clear()
        self._resuming.clear()
        for watch in self._watches.values():
            watch.held.clear()
        for future in self._asked.values():
            if not future.done():
                future.set_exception(
                    Unavailable("the link to the topic's storage node broke; the value may be published")
                )


def _resumed(resumed: wire.Resumed) -> Resumed:
    told = resumed.discontinuity
    discontinuity = Discontinuity(told.last, told.new, told.page) if resumed.HasField("discontinuity") else None
    return Resumed(resumed.page, resumed.last, discontinuity, list(resumed.frames), resumed.next)


def _topic(topic: Topic) -> wire.Topic:
    return wire.Topic(account=topic.account, cache=topic.cache, name=topic.name)
