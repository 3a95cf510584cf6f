"""Redis's protocol (RESP2). The acknowledgement of a publish is the integer reply to PUBLISH."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle, islice

from bench.protocols.interface import Refused


def command(*words: bytes) -> bytes:
    """Return one command as an array of bulk strings."""
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%b\r\n" % (len(word), word) for word in words)


class RedisPublishing:
    """A pipelining publisher."""

    def __init__(self, topics: Sequence[str], value: bytes) -> None:
        self.ready = True
        self.outgoing = bytearray()
        self.acknowledged = 0
        self._topic = topics[0].encode()
        self._commands = cycle([command(b"PUBLISH", topic.encode(), value) for topic in topics])

    def publish(self, count: int) -> bytes:
        """Return `count` PUBLISH commands."""
        return b"".join(islice(self._commands, count))

    def publish_value(self, value: bytes) -> bytes:
        """Return one PUBLISH command."""
        return command(b"PUBLISH", self._topic, value)

    def receive(self, chunk: memoryview) -> None:
        """Count replies; each is `:` and a number on a line."""
        replies = bytes(chunk)
        if b"-" in replies:
            raise Refused(replies.decode(errors="replace"))
        self.acknowledged += replies.count(b"\n")


class RedisSubscribing:
    """A subscriber to one channel; it is ready when the server has confirmed."""

    def __init__(self, topic: str) -> None:
        name = topic.encode()
        self.ready = False
        self.outgoing = bytearray(command(b"SUBSCRIBE", name))
        self.delivered_bytes = 0
        self._confirmation = b"*3\r\n$9\r\nsubscribe\r\n$%d\r\n%b\r\n:1\r\n" % (len(name), name)
        self._start = bytearray()

    def receive(self, chunk: memoryview) -> None:
        """Count what follows the confirmation."""
        if self.ready:
            self.delivered_bytes += len(chunk)
            return
        self._start += chunk
        if self._start.startswith(self._confirmation):
            self.ready = True
            self.delivered_bytes = len(self._start) - len(self._confirmation)
        elif not self._confirmation.startswith(self._start):
            raise Refused(self._start.decode(errors="replace"))


@dataclass(frozen=True)
class RedisDialect:
    """Speaks RESP2."""

    host: str
    port: int

    def publishing(self, topics: Sequence[str], value: bytes) -> RedisPublishing:
        """Return a pipelining publisher."""
        return RedisPublishing(topics, value)

    def subscribing(self, topics: Sequence[str]) -> RedisSubscribing:
        """Return a subscriber of one topic; more on a connection are not needed here.

        Raises:
            ValueError: there are several.
        """
        (topic,) = topics
        return RedisSubscribing(topic)
