"""What a storage node does for one router: its requests, and the items of the topics that it watches."""

import asyncio
import logging
from collections.abc import Coroutine, Iterator, Sequence
from typing import Any

from api import blocks
from api import link_pb2 as wire
from api.blocks import Item, Publish, Stored
from api.errors import Unavailable
from api.link import Moved, Receipt
from api.names import Topic
from api.outbox import Outbox, Overflow
from api.topic_names import TopicNames, topic_of
from api.tracing import Span, Spans, below, current, within
from storage.answered import Answered, Links
from storage.durable.topics import DurableTopics
from storage.node import Node
from storage.ownership import Ownership

MAX_WAITING_BYTES = 64 * 1024 * 1024
"""A router that has this much waiting for it does not read; its stream ends, and it connects again."""

ITEM_OVERHEAD_BYTES = 32
LOAD_PAUSE_SECONDS = 0.25
LOAD_WAIT_SECONDS = 5.0
"""A router's subscriber has given up by then, while a topic is not loaded; the router's watch itself waits on."""

_log = logging.getLogger(__name__)


class Session:
    """One router's stream, and the sink of the topics that it watches."""

    def __init__(
        self,
        node: Node,
        ownership: Ownership,
        durable: DurableTopics | None = None,
        links: Links | None = None,
        spans: Spans | None = None,
    ) -> None:
        self.outbox: Outbox[wire.Event | Item | Stored] = Outbox(MAX_WAITING_BYTES)
        self.overflowed = asyncio.Event()
        self._node = node
        self._ownership = ownership
        self._durable = durable
        self._links = links or Links()
        self._spans = spans
        self._answered = Answered(self._retire)
        self._is_known = False
        self._retired = False
        self._map_version = 0
        self._names = TopicNames()
        self._reads = 0
        self._watches: dict[Topic, int] = {}
        self._waiting: set[asyncio.Task[None]] = set()
        self._loading: dict[Topic, list[tuple[float, wire.Request]]] = {}
        """Subscribes to topics that are being loaded, in their order, and when they came."""

    def __repr__(self) -> str:
        return f"<Session {len(self._watches)} topics watched, {self.outbox!r}>"

    @property
    def is_watching(self) -> bool:
        """Whether the router watches any topic here."""
        return bool(self._watches)

    def item(self, topic: Topic, page: int, number: int, frame: bytes) -> None:
        """Broadcast one item to the router."""
        span = current()
        traceparent = span.traceparent if span is not None else ""
        item = Item(self._watches[topic], page, number, frame, traceparent)
        self._put(item, len(frame) + ITEM_OVERHEAD_BYTES)

    def moved(self, topic: Topic, map_version: int) -> None:
        """Tell the router that a topic which it watches is another node's now."""
        watch = self._watches.pop(topic)
        self._put(wire.Event(moved=wire.Moved(watch=watch, map_version=map_version)), ITEM_OVERHEAD_BYTES)

    def take(self, batch: bytes) -> None:
        """Do what the router asks in a batch that has come as bytes."""
        self.take_all(wire.RouterBatch.FromString(batch))

    def take_all(self, batch: wire.RouterBatch) -> None:
        """Do what the router asks, and queue the answers."""
        if self._retired:
            return
        self._map_version = batch.map_version
        if batch.link and not self._is_known:
            self._is_known = True
            self._answered = self._links.joined(batch.link, self._retire)
        self._reads = batch.reads
        for request in batch.requests:
            self._take(request)
        for publish in blocks.publishes(batch.publishes, self._names):
            self._take_publish(publish)

    def batches(self, waiting: Sequence[wire.Event | Item | Stored]) -> Iterator[wire.NodeBatch]:
        """Return what waits for the router in a form that it reads."""
        return blocks.node_batches(waiting, as_blocks=self._reads >= blocks.READS)

    def close(self) -> None:
        """Broadcast nothing more, and let go of what waits for its topic."""
        self._node.gone(self)
        self._links.left(self._answered, self._retire)
        for task in self._waiting:
            task.cancel()

    def _take(self, request: wire.Request) -> None:
        match request.WhichOneof("kind"):
            case "publish":
                told = request.publish
                topic = topic_of(told.topic)
                self._take_publish(Publish(request.id, topic, told.value, told.publisher_id, told.traceparent))
            case "subscribe":
                self._take_subscribe(topic_of(request.subscribe.topic), request)
            case "unsubscribe":
                topic = topic_of(request.unsubscribe.topic)
                self._node.unsubscribe(topic, self)
                self._watches.pop(topic, None)
            case "recall":
                self._wait_for(self._recall(request))
            case _:
                _log.warning("a router of a newer version asked for something unknown")

    def _take_publish(self, publish: Publish) -> None:
        topic = publish.topic
        if not self._ownership.owns(topic, self._map_version):
            self._refuse(publish.id)
        elif topic.durable:
            # What the journal gets is stored, also when the router is gone by then: it asks when it is back.
            self._wait_for(self._publish_durable(publish), self._answered.storing)
        elif not self._ownership.is_settled(topic):
            self._wait_for(self._publish_later(publish))
        else:
            self._publish(publish)

    def _take_subscribe(self, topic: Topic, request: wire.Request) -> None:
        if not self._ownership.owns(topic, self._map_version):
            self._refuse_watch(topic, request.id)
            return
        self._watches[topic] = request.subscribe.watch
        if topic.durable:
            self._subscribe_durable(topic, request)
        elif not self._ownership.is_settled(topic):
            self._wait_for(self._subscribe_later(topic, request))
        else:
            self._subscribe(topic, request)

    def _wait_for(self, work: Coroutine[Any, Any, None], among: set[asyncio.Task[None]] | None = None) -> None:
        tasks = self._waiting if among is None else among
        task = asyncio.create_task(work)
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    def _retire(self) -> None:
        """Do nothing more: the router has another connection, on which it asks what came of this one."""
        self._retired = True
        for task in self._waiting:
            task.cancel()

    async def _recall(self, request: wire.Request) -> None:
        stored = await self._answered.recall(request.recall.ids)
        self._put(wire.Event(recalled=wire.Recalled(ids=stored)), ITEM_OVERHEAD_BYTES + 8 * len(stored))

    async def _publish_durable(self, publish: Publish) -> None:
        try:
            if publish.traceparent:
                with within(self._span(publish)):
                    receipt = await self._journalled().publish(publish.topic, publish.value, publish.publisher_id)
            else:
                receipt = await self._journalled().publish(publish.topic, publish.value, publish.publisher_id)
            self._answer(publish.id, receipt)
        except Moved:
            self._refuse(publish.id)
        except Unavailable as reason:
            self._fail(publish.id, reason)

    def _subscribe_durable(self, topic: Topic, request: wire.Request) -> None:
        waiting = self._loading.setdefault(topic, [])
        waiting.append((asyncio.get_running_loop().time(), request))
        if len(waiting) == 1:
            self._wait_for(self._load(topic, waiting))

    async def _load(self, topic: Topic, waiting: list[tuple[float, wire.Request]]) -> None:
        """Load a topic for those who wait to subscribe to it, as soon as that can be, while its router watches it."""
        is_ours = True
        try:
            while topic in self._watches:
                try:
                    await self._journalled().load(topic)
                    break
                except Unavailable:
                    self._forget_late(waiting)
                await asyncio.sleep(LOAD_PAUSE_SECONDS)
        except Moved:
            is_ours = False
        finally:
            del self._loading[topic]
        for _, request in waiting:
            if is_ours:
                self._subscribe_if_owned(topic, request)
            else:
                self._refuse_watch(topic, request.id)

    @staticmethod
    def _forget_late(waiting: list[tuple[float, wire.Request]]) -> None:
        """Forget subscribers that have given up: else all who try again would wait here while a store is away.

        What a router begins a watch with stays: it may be the one that takes the watch up.
        """
        since, watches = asyncio.get_running_loop().time() - LOAD_WAIT_SECONDS, set[int]()
        kept: list[tuple[float, wire.Request]] = []
        for came, request in waiting:
            watch = request.subscribe.watch
            if came > since or watch not in watches:
                kept.append((came, request))
            watches.add(watch)
        waiting[:] = kept

    def _journalled(self) -> DurableTopics:
        if self._durable is None:
            raise Unavailable("this storage node keeps no durable topics")
        return self._durable

    async def _publish_later(self, publish: Publish) -> None:
        await self._ownership.settle(publish.topic)
        if self._ownership.owns(publish.topic, self._map_version):
            self._publish(publish)
        else:
            self._refuse(publish.id)

    async def _subscribe_later(self, topic: Topic, request: wire.Request) -> None:
        await self._ownership.settle(topic)
        self._subscribe_if_owned(topic, request)

    def _subscribe_if_owned(self, topic: Topic, request: wire.Request) -> None:
        if not self._ownership.owns(topic, self._map_version):
            self._refuse_watch(topic, request.id)
        elif self._watches.get(topic) == request.subscribe.watch:
            self._subscribe(topic, request)

    def _refuse(self, request_id: int) -> None:
        moved = wire.Moved(id=request_id, map_version=self._ownership.map_version)
        self._put(wire.Event(moved=moved), ITEM_OVERHEAD_BYTES)

    def _refuse_watch(self, topic: Topic, request_id: int) -> None:
        """Refuse a subscribe; those for whom the topic was watched already are sent no more, and told so."""
        was_watched = self._node.unsubscribe(topic, self)
        if was_watched:
            self.moved(topic, self._ownership.map_version)
        else:
            self._watches.pop(topic, None)
        self._refuse(request_id)

    def _fail(self, request_id: int, reason: Unavailable) -> None:
        self._put(wire.Event(failed=wire.Failed(id=request_id, message=reason.message)), ITEM_OVERHEAD_BYTES)

    def _publish(self, publish: Publish) -> None:
        if publish.traceparent:
            with within(self._span(publish)):  # and with it what the node broadcasts meanwhile
                receipt = self._node.publish(publish.topic, publish.value, publish.publisher_id)
        else:
            receipt = self._node.publish(publish.topic, publish.value, publish.publisher_id)
        self._answer(publish.id, receipt)

    def _span(self, publish: Publish) -> Span:
        topic = publish.topic
        facts = {"tidings.account": topic.account, "tidings.cache": topic.cache, "tidings.node": self._node.id}
        return below(self._spans, publish.traceparent, "store", facts)

    def _answer(self, request_id: int, receipt: Receipt) -> None:
        self._answered.stored.append(request_id)
        self._put(Stored(request_id, receipt.page, receipt.number), ITEM_OVERHEAD_BYTES)

    def _subscribe(self, topic: Topic, request: wire.Request) -> None:
        resumed = self._node.subscribe(topic, self, request.subscribe.number, request.subscribe.page)
        answer = wire.Resumed(
            id=request.id, page=resumed.page, last=resumed.last, frames=resumed.frames, next=resumed.next
        )
        if resumed.discontinuity is not None:
            last, new, page = resumed.discontinuity
            answer.discontinuity.CopyFrom(wire.Discontinuity(last=last, new=new, page=page))
        self._put(wire.Event(resumed=answer), sum(map(len, resumed.frames)) + ITEM_OVERHEAD_BYTES)

    def _put(self, event: wire.Event | Item | Stored, size: int) -> None:
        try:
            self.outbox.put(event, size)
        except Overflow:
            self.overflowed.set()
