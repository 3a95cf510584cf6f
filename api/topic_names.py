"""Topics as the inner link names them, and what publishes name again and again, remembered."""

from typing import Final

from api import link_pb2 as wire
from api.names import Topic

REMEMBERED_TOPICS: Final = 20_000


class TopicNames:
    """Topics as bytes and back: publishes name few topics often, and neither way is worth going each time."""

    def __init__(self) -> None:
        self._bytes: dict[Topic, bytes] = {}
        self._topics: dict[bytes, Topic] = {}

    def __repr__(self) -> str:
        return f"<TopicNames {len(self._bytes)} and {len(self._topics)} remembered>"

    def bytes_of(self, topic: Topic) -> bytes:
        """Return the serialised `wire.Topic`."""
        found = self._bytes.get(topic)
        if found is None:
            if len(self._bytes) >= REMEMBERED_TOPICS:
                self._bytes.clear()
            found = self._bytes[topic] = topic_message(topic).SerializeToString()
        return found

    def topic_of(self, name: bytes) -> Topic:
        """Return the topic of a serialised `wire.Topic`."""
        found = self._topics.get(name)
        if found is None:
            if len(self._topics) >= REMEMBERED_TOPICS:
                self._topics.clear()
            found = self._topics[name] = topic_of(wire.Topic.FromString(name))
        return found


def topic_message(topic: Topic) -> wire.Topic:
    """Return a topic as the link writes it."""
    return wire.Topic(account=topic.account, cache=topic.cache, name=topic.name, durable=topic.durable)


def topic_of(message: wire.Topic) -> Topic:
    """Return the topic that a message names."""
    return Topic(message.account, message.cache, message.name, message.durable)
