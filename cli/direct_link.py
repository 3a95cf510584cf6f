"""The link from a router to a storage node in the same process: plain calls."""

from collections.abc import Callable

from api.link import Asker, Local, Receipt, Resumed, Sink
from api.names import Topic
from api.tracing import Spans, current, within
from storage.node import Node


class DirectLink:
    """Calls the node; implements `api.link.Link`."""

    def __init__(self, node: Node, sink: Sink, spans: Spans | None = None) -> None:
        self._node = node
        self._sink = sink
        self._spans = spans

    @property
    def local(self) -> Local | None:
        return self._node

    @property
    def is_connected(self) -> bool:
        return True

    @property
    def waiting_bytes(self) -> int:
        return 0

    async def publish(
        self, topic: Topic, value: bytes, publisher_id: bytes, timeout: float, stored: Callable[[], None]
    ) -> Receipt:
        if self._spans is not None and (above := current()):
            facts = {"tidings.account": topic.account, "tidings.cache": topic.cache, "tidings.node": self._node.id}
            with within(self._spans.begin("store", above.traceparent, facts)):
                receipt = self._node.publish(topic, value, publisher_id)
        else:
            receipt = self._node.publish(topic, value, publisher_id)
        stored()
        return receipt

    def begin(self, topic: Topic, value: bytes, publisher_id: bytes, timeout: float, asker: Asker) -> None:
        receipt = self._node.publish(topic, value, publisher_id)
        asker.stored()
        asker.told(receipt)

    async def subscribe(self, topic: Topic, number: int, page: int) -> Resumed:
        return self._node.subscribe(topic, self._sink, number, page)

    def watch(self, topic: Topic, page: int, last: int) -> None:
        resumed = self._node.subscribe(topic, self._sink, last + 1 if page else 0, page)
        while page:
            first = resumed.next - len(resumed.frames)
            for offset, frame in enumerate(resumed.frames):
                self._sink.item(topic, resumed.page, first + offset, frame)
            if resumed.next > resumed.last:
                break
            resumed = self._node.subscribe(topic, self._sink, resumed.next, resumed.page)
        self._sink.stands(topic, resumed.page, resumed.last)

    def leave(self) -> None:
        """Nothing to close: the node is in this process."""

    def unsubscribe(self, topic: Topic) -> None:
        self._node.unsubscribe(topic, self._sink)
