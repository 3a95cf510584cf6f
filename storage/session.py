"""What a storage node does for one router: its requests, and the items of the topics that it watches."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

from api import link_pb2 as wire
from api.errors import Unavailable
from api.link import Moved, Receipt
from api.names import Topic
from api.outbox import Outbox, Overflow
from api.tracing import Span, Spans, below, current, within
from storage.answered import Answered, Links
from storage.durable.topics import DurableTopics
from storage.handover.state import topic_of
from storage.node import Node
from storage.ownership import Ownership

MAX_WAITING_BYTES = 64 * 1024 * 1024
"""A router that has this much waiting for it does not read; its stream ends, and it connects again."""

ITEM_OVERHEAD_BYTES = 32
LOAD_PAUSE_SECONDS = 0.25

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
        self.outbox: Outbox[wire.Event] = Outbox(MAX_WAITING_BYTES)
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
        self._watches: dict[Topic, int] = {}
        self._waiting: set[asyncio.Task[None]] = set()

    def __repr__(self) -> str:
        return f"<Session {len(self._watches)} topics watched, {self.outbox!r}>"

    @property
    def is_watching(self) -> bool:
        """Whether the router watches any topic here."""
        return bool(self._watches)

    def item(self, topic: Topic, page: int, number: int, frame: bytes) -> None:
        """Broadcast one item to the router."""
        item = wire.Item(watch=self._watches[topic], page=page, number=number, frame=frame)
        if span := current():
            item.traceparent = span.traceparent
        self._put(wire.Event(item=item), len(frame) + ITEM_OVERHEAD_BYTES)

    def moved(self, topic: Topic, map_version: int) -> None:
        """Tell the router that a topic which it watches is another node's now."""
        watch = self._watches.pop(topic)
        self._put(wire.Event(moved=wire.Moved(watch=watch, map_version=map_version)), ITEM_OVERHEAD_BYTES)

    def take_all(self, batch: wire.RouterBatch) -> None:
        """Do what the router asks, and queue the answers."""
        if self._retired:
            return
        self._map_version = batch.map_version
        if batch.link and not self._is_known:
            self._is_known = True
            self._answered = self._links.joined(batch.link, self._retire)
        for request in batch.requests:
            self._take(request)

    def close(self) -> None:
        """Broadcast nothing more, and let go of what waits for its topic."""
        self._node.gone(self)
        self._links.left(self._answered, self._retire)
        for task in self._waiting:
            task.cancel()

    def _take(self, request: wire.Request) -> None:
        match request.WhichOneof("kind"):
            case "publish":
                topic = topic_of(request.publish.topic)
                if self._is_ready(topic, request):
                    self._publish(topic, request)
            case "subscribe":
                topic = topic_of(request.subscribe.topic)
                self._watches[topic] = request.subscribe.watch
                if self._is_ready(topic, request):
                    self._subscribe(topic, request)
            case "unsubscribe":
                topic = topic_of(request.unsubscribe.topic)
                self._node.unsubscribe(topic, self)
                self._watches.pop(topic, None)
            case "recall":
                self._wait_for(self._recall(request))
            case _:
                _log.warning("a router of a newer version asked for something unknown")

    def _is_ready(self, topic: Topic, request: wire.Request) -> bool:
        """Whether the request can be done at once; else it is refused, or done when the topic is here."""
        if not self._ownership.owns(topic, self._map_version):
            self._refuse(topic, request)
            return False
        if topic.durable:
            # What the journal gets is stored, also when the router is gone by then: it asks when it is back.
            is_publish = request.WhichOneof("kind") == "publish"
            tasks = self._answered.storing if is_publish else self._waiting
            self._wait_for(self._take_durable(topic, request), tasks)
            return False
        if not self._ownership.is_settled(topic):
            self._wait_for(self._take_later(topic, request))
            return False
        return True

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

    async def _take_durable(self, topic: Topic, request: wire.Request) -> None:
        try:
            if request.WhichOneof("kind") == "publish":
                await self._publish_durable(topic, request)
            else:
                await self._subscribe_durable(topic, request)
        except Moved:
            self._refuse(topic, request)
        except Unavailable as reason:
            self._put(wire.Event(failed=wire.Failed(id=request.id, message=reason.message)), ITEM_OVERHEAD_BYTES)

    async def _publish_durable(self, topic: Topic, request: wire.Request) -> None:
        publish = request.publish
        if publish.traceparent:
            with within(self._span(topic, publish)):
                receipt = await self._journalled().publish(topic, publish.value, publish.publisher_id)
        else:
            receipt = await self._journalled().publish(topic, publish.value, publish.publisher_id)
        self._answer(request.id, receipt)

    async def _subscribe_durable(self, topic: Topic, request: wire.Request) -> None:
        """Subscribe as soon as the topic can be loaded; a router that takes its watches up waits for that."""
        while True:
            try:
                await self._journalled().load(topic)
                break
            except Unavailable:
                await asyncio.sleep(LOAD_PAUSE_SECONDS)
        if not self._ownership.owns(topic, self._map_version):
            self._refuse(topic, request)
        elif self._watches.get(topic) == request.subscribe.watch:
            self._subscribe(topic, request)

    def _journalled(self) -> DurableTopics:
        if self._durable is None:
            raise Unavailable("this storage node keeps no durable topics")
        return self._durable

    async def _take_later(self, topic: Topic, request: wire.Request) -> None:
        await self._ownership.settle(topic)
        if not self._ownership.owns(topic, self._map_version):
            self._refuse(topic, request)
        elif request.WhichOneof("kind") == "publish":
            self._publish(topic, request)
        elif self._watches.get(topic) == request.subscribe.watch:
            self._subscribe(topic, request)

    def _refuse(self, topic: Topic, request: wire.Request) -> None:
        if request.HasField("subscribe"):
            self._node.unsubscribe(topic, self)
            self._watches.pop(topic, None)
        moved = wire.Moved(id=request.id, map_version=self._ownership.map_version)
        self._put(wire.Event(moved=moved), ITEM_OVERHEAD_BYTES)

    def _publish(self, topic: Topic, request: wire.Request) -> None:
        publish = request.publish
        if publish.traceparent:
            with within(self._span(topic, publish)):  # and with it what the node broadcasts meanwhile
                receipt = self._node.publish(topic, publish.value, publish.publisher_id)
        else:
            receipt = self._node.publish(topic, publish.value, publish.publisher_id)
        self._answer(request.id, receipt)

    def _span(self, topic: Topic, publish: wire.Publish) -> Span:
        facts = {"tidings.account": topic.account, "tidings.cache": topic.cache, "tidings.node": self._node.id}
        return below(self._spans, publish.traceparent, "store", facts)

    def _answer(self, request_id: int, receipt: Receipt) -> None:
        self._answered.stored.append(request_id)
        answer = wire.Receipt(id=request_id, page=receipt.page, number=receipt.number)
        self._put(wire.Event(receipt=answer), ITEM_OVERHEAD_BYTES)

    def _subscribe(self, topic: Topic, request: wire.Request) -> None:
        resumed = self._node.subscribe(topic, self, request.subscribe.number, request.subscribe.page)
        answer = wire.Resumed(
            id=request.id, page=resumed.page, last=resumed.last, frames=resumed.frames, next=resumed.next
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
