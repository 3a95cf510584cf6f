"""NATS's client protocol. Core NATS acknowledges nothing of itself; in verbose mode it answers each PUB with `+OK`."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle, islice

from bench.protocols.interface import Refused

_CONNECT = b'CONNECT {"verbose":true,"pedantic":false,"lang":"bench","version":"1","protocol":1}\r\n'
_QUIET_CONNECT = _CONNECT.replace(b'"verbose":true', b'"verbose":false')
_OK = b"+OK\r\n"


def _publish(subject: bytes, value: bytes) -> bytes:
    return b"PUB %b %d\r\n%b\r\n" % (subject, len(value), value)


class NatsPublishing:
    """A publisher in verbose mode; it is ready when CONNECT is answered."""

    def __init__(self, topics: Sequence[str], value: bytes) -> None:
        self.ready = False
        self.outgoing = bytearray(_CONNECT)
        self.acknowledged = 0
        self._subject = topics[0].encode()
        self._commands = cycle([_publish(topic.encode(), value) for topic in topics])
        self._start = bytearray()

    def publish(self, count: int) -> bytes:
        """Return `count` PUB commands."""
        return b"".join(islice(self._commands, count))

    def publish_value(self, value: bytes) -> bytes:
        """Return one PUB command."""
        return _publish(self._subject, value)

    def receive(self, chunk: memoryview) -> None:
        """Count `+OK` lines, and answer a PING."""
        lines = bytes(chunk)
        if b"-ERR" in lines:
            raise Refused(lines.decode(errors="replace"))
        if not self.ready:
            self._start += chunk
            self.ready = self._start.startswith(b"INFO ") and self._start.endswith(b"\r\n" + _OK)
            return
        if b"PING" in lines:
            self.outgoing += b"PONG\r\n"
        self.acknowledged += lines.count(b"+")


class NatsSubscribing:
    """A subscriber to one subject; it is ready when the PING sent after SUB is answered.

    A server asks for signs of life with PING after two seconds and then every two minutes, and hangs up after two that
    were not answered. A run is shorter than that, and looking for PING in what arrives would slow the reader: it is
    counted and not answered. Six bytes more than whole messages do no harm to the count of messages.
    """

    def __init__(self, topic: str) -> None:
        self.ready = False
        self.outgoing = bytearray(_QUIET_CONNECT + b"SUB %b 1\r\nPING\r\n" % topic.encode())
        self.delivered_bytes = 0
        self._start = bytearray()

    def receive(self, chunk: memoryview) -> None:
        """Count what follows the PONG."""
        if self.ready:
            self.delivered_bytes += len(chunk)
            return
        self._start += chunk
        if b"-ERR" in self._start:
            raise Refused(self._start.decode(errors="replace"))
        _, confirmed, messages = self._start.partition(b"\r\nPONG\r\n")
        if confirmed:
            self.ready = True
            self.delivered_bytes = len(messages)


@dataclass(frozen=True)
class NatsDialect:
    """Speaks core NATS."""

    host: str
    port: int

    def publishing(self, topics: Sequence[str], value: bytes) -> NatsPublishing:
        """Return a publisher in verbose mode."""
        return NatsPublishing(topics, value)

    def subscribing(self, topics: Sequence[str]) -> NatsSubscribing:
        """Return a subscriber of one topic; more on a connection are not needed here.

        Raises:
            ValueError: there are several.
        """
        (topic,) = topics
        return NatsSubscribing(topic)
