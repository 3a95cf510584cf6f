"""The link to a storage node on another machine: one connection, shared by all of a router's subscribers.

When it breaks, publishes that were not answered fail as unavailable, and the link connects again and takes up every
watched topic where it was: subscribers see nothing of it, or one Discontinuity where something is missing. Who was
about to subscribe is asked for again. The link asks as well which publishes were stored, so that these count as used.
"""

import asyncio
import contextlib
import logging
import secrets
from collections.abc import Callable, Iterator, Sequence

from api import blocks
from api import link_pb2 as wire
from api.blocks import Publish
from api.errors import TidingsError, Unavailable
from api.items import Discontinuity
from api.link import Asker, Local, Moved, Receipt, Resumed, Sink
from api.link_security import LinkSecurity
from api.names import Topic
from api.outbox import Outbox, Overflow
from api.topic_names import TopicNames
from api.tracing import Carried, current, within
from router.links.connections import Connection, LinkBroken, connected
from router.links.published import Published, no_answer
from router.links.watches import Watches

MAX_WAITING_BYTES = 64 * 1024 * 1024
FIRST_RETRY_SECONDS = 0.05
LAST_RETRY_SECONDS = 1.0
REQUEST_OVERHEAD_BYTES = 64
MOST_UNSURE = 65_536
"""Publishes whose answers were lost, while there is no connection on which to ask; a node remembers as many."""

_log = logging.getLogger(__name__)


class _Broken(Exception):
    """The connection broke before what was asked on it was answered."""


class _Awaited:
    """A publish that somebody waits for in a task; an `Asker`."""

    __slots__ = ("_stored", "receipt")

    def __init__(self, stored: Callable[[], None]) -> None:
        self._stored = stored
        self.receipt: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()

    def stored(self) -> None:
        self._stored()

    def told(self, outcome: Receipt | Exception) -> None:
        if self.receipt.done():
            return
        if isinstance(outcome, Receipt):
            self.receipt.set_result(outcome)
        else:
            self.receipt.set_exception(outcome)


class RemoteLink:
    """Implements `api.link.Link` over the network."""

    def __init__(
        self,
        address: str,
        sink: Sink,
        map_version: Callable[[], int] = lambda: 0,
        security: LinkSecurity | None = None,
        *,
        frames: bool = True,
    ) -> None:
        """Link to the node at `address`, `host:port`.

        Args:
            address: Where the node listens.
            sink: Is told of the items of watched topics.
            map_version: Returns the version of the map that the router goes by.
            security: How router and node know each other.
            frames: Whether the node takes frames, and not a gRPC stream alone.
        """
        self._address = address
        self._map_version = map_version
        self._security = security
        self._frames = frames
        self._retry_seconds = FIRST_RETRY_SECONDS
        self._asked: dict[int, asyncio.Future[wire.Event]] = {}
        self._published = Published()
        self._unsure: dict[int, Callable[[], None]] = {}
        """What to call of publishes whose answers were lost with a connection."""
        self._name = secrets.token_hex(8)
        self._watches = Watches(sink, self._send_if_connected, self._answer)
        self._names = TopicNames()
        self._node_reads = 0
        self._outbox: Outbox[wire.Request | Publish] | None = None
        self._connected = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._left = False

    def __repr__(self) -> str:
        state = "left" if self._left else "connected" if self._outbox is not None else "connecting"
        unacked = len(self._asked) + len(self._published)
        return f"<RemoteLink {self._address} {state}, {len(self._watches)} topics, {unacked} unacked>"

    @property
    def local(self) -> Local | None:
        return None

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
        ends = asyncio.get_running_loop().time() + timeout
        outbox = self._outbox or await self._connected_within(timeout)
        span = current()
        traceparent = span.traceparent if span is not None else ""
        awaited = _Awaited(stored)
        self._publish(outbox, Publish(self._watches.next_id(), topic, value, publisher_id, traceparent), awaited, ends)
        return await awaited.receipt

    def begin(self, topic: Topic, value: bytes, publisher_id: bytes, timeout: float, asker: Asker) -> None:
        if self._outbox is None:
            raise Unavailable("the topic's storage node cannot be reached")
        ends = asyncio.get_running_loop().time() + timeout
        self._publish(self._outbox, Publish(self._watches.next_id(), topic, value, publisher_id), asker, ends)

    async def subscribe(self, topic: Topic, number: int, page: int) -> Resumed:
        event = await self._subscribed(topic, number, page)
        if event.WhichOneof("kind") == "moved":
            raise Moved(event.moved.map_version)
        if event.WhichOneof("kind") == "failed":
            raise Unavailable(event.failed.message)
        return _resumed(event.resumed)

    def watch(self, topic: Topic, page: int, last: int) -> None:
        self._watches.begin(topic, page, last)

    def unsubscribe(self, topic: Topic) -> None:
        self._watches.end(topic)

    def _publish(self, outbox: Outbox[wire.Request | Publish], publish: Publish, asker: Asker, ends: float) -> None:
        self._put(outbox, publish, len(publish.value))
        self._published.add(publish.id, asker, ends)

    async def _subscribed(self, topic: Topic, number: int, page: int) -> wire.Event:
        """Return the node's answer; where its connection breaks first, it is asked again on the next one."""
        while True:
            outbox = await self._connection()
            with contextlib.suppress(_Broken):
                return await self._ask(outbox, self._watches.subscribe(topic, number, page))

    async def _ask(self, outbox: Outbox[wire.Request | Publish], request: wire.Request) -> wire.Event:
        answer: asyncio.Future[wire.Event] = asyncio.get_running_loop().create_future()
        self._asked[request.id] = answer
        try:
            self._put(outbox, request, request.ByteSize())
            return await answer
        finally:
            self._asked.pop(request.id, None)
            self._watches.given_up(request.id)

    async def _connected_within(self, seconds: float) -> Outbox[wire.Request | Publish]:
        try:
            async with asyncio.timeout(seconds):
                return await self._connection()
        except TimeoutError:
            raise self._silence() from None

    def _silence(self) -> TidingsError:
        if self._outbox is None:
            return Unavailable("the topic's storage node cannot be reached")
        return no_answer()

    async def _connection(self) -> Outbox[wire.Request | Publish]:
        while self._outbox is None:
            if self._left:
                raise Moved
            await self._connected.wait()
        return self._outbox

    def _put(self, outbox: Outbox[wire.Request | Publish], request: wire.Request | Publish, size: int) -> None:
        try:
            outbox.put(request, size + REQUEST_OVERHEAD_BYTES)
        except Overflow as reason:
            raise Unavailable("the topic's storage node does not keep up") from reason

    def _send_if_connected(self, request: wire.Request) -> None:
        if self._outbox is not None:
            # Bounded by the number of topics, and none of these may be lost.
            self._outbox.insist(request, request.ByteSize())

    async def _run(self) -> None:
        while True:
            try:
                async with connected(self._address, self._security, frames=self._frames) as connection:
                    await self._serve(connection)
            except LinkBroken as reason:
                _log.warning("the link to %s broke: %s", self._address, reason)
            except Exception:  # noqa: BLE001 - whatever it was, a router without its link would never recover
                _log.exception("the link to %s failed", self._address)
            finally:
                self._disconnected()
            await asyncio.sleep(self._retry_seconds)
            self._retry_seconds = min(self._retry_seconds * 2, LAST_RETRY_SECONDS)

    async def _serve(self, connection: Connection) -> None:
        self._node_reads = 0
        self._outbox = outbox = Outbox[wire.Request | Publish](MAX_WAITING_BYTES)
        if self._unsure:
            self._send_if_connected(wire.Request(recall=wire.Recall(ids=list(self._unsure))))
        self._watches.connected()
        self._connected.set()
        await connection.serve(outbox, self._batches, self._take_all)
        raise LinkBroken("the node ended it")

    def _batches(self, waiting: Sequence[wire.Request | Publish]) -> Iterator[wire.RouterBatch]:
        """Return what waits for the node in a form that it reads."""
        for batch in blocks.router_batches(waiting, self._names, as_blocks=self._node_reads >= blocks.READS):
            batch.map_version, batch.link, batch.reads = self._map_version(), self._name, blocks.READS
            yield batch

    def _take_all(self, batch: wire.NodeBatch) -> None:
        self._retry_seconds = FIRST_RETRY_SECONDS
        self._node_reads = max(self._node_reads, batch.reads)
        for event in batch.events:
            self._take(event)
        for watch, page, number, frame, _ in blocks.items(batch.items):
            self._watches.item(watch, page, number, frame)
        for id, page, number in blocks.receipts(batch.receipts):
            self._stored(id, page, number)

    def _take(self, event: wire.Event) -> None:
        match event.WhichOneof("kind"):
            case "item":
                self._item(event.item)
            case "receipt":
                self._stored(event.receipt.id, event.receipt.page, event.receipt.number)
            case "failed":
                if not self._refused(event.failed.id, Unavailable(event.failed.message)):
                    self._answer(event.failed.id, event)
            case "resumed":
                self._watches.resumed(event)
            case "recalled":
                self._recalled(event.recalled)
            case "moved":
                if not self._refused(event.moved.id, Moved(event.moved.map_version)):
                    self._watches.moved(event)
            case _:
                _log.warning("a storage node of a newer version said something unknown")

    def _stored(self, publish_id: int, page: int, number: int) -> None:
        self._published.stored(publish_id, Receipt(page, number))

    def _refused(self, publish_id: int, reason: Exception) -> bool:
        """Tell whoever waits for a publish why it was not stored; return whether it is a publish at all."""
        return self._published.refused(publish_id, reason)

    def _item(self, item: wire.Item) -> None:
        if item.traceparent:
            with within(Carried(item.traceparent)):
                self._watches.item(item.watch, item.page, item.number, item.frame)
        else:
            self._watches.item(item.watch, item.page, item.number, item.frame)

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
        published, self._published = self._published, Published()
        self._unsure.update((id, asker.stored) for id, asker in published.askers())
        for id in list(self._unsure)[:-MOST_UNSURE]:
            del self._unsure[id]
        if not self._left:
            self._connected.clear()
        self._watches.disconnected()
        for future in self._asked.values():
            if not future.done():
                future.set_exception(_Broken())
        published.lost(Unavailable("the link to the topic's storage node broke; the value may be published"))


def _resumed(resumed: wire.Resumed) -> Resumed:
    told = resumed.discontinuity
    discontinuity = Discontinuity(told.last, told.new, told.page) if resumed.HasField("discontinuity") else None
    return Resumed(resumed.page, resumed.last, discontinuity, list(resumed.frames), resumed.next)
