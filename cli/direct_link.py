"""The link from a router to a storage node in the same process: plain calls."""

from api.link import Receipt, Resumed, Sink
from api.names import Topic
from storage.node import Node


class DirectLink:
    """Calls the node; implements `api.link.Link`."""

    def __init__(self, node: Node, sink: Sink) -> None:
        self._node = node
        self._sink = sink

    async def publish(self, topic: Topic, value: bytes, publisher_id: bytes, timeout: float) -> Receipt:
        return self._node.publish(topic, value, publisher_id)

    async def subscribe(self, topic: Topic, number: int, page: int) -> Resumed:
        return self._node.subscribe(topic, self._sink, number, page)

    def unsubscribe(self, topic: Topic) -> None:
        self._node.unsubscribe(topic, self._sink)
