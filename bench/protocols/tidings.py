"""The Momento Topics contract: gRPC over HTTP/2. The acknowledgement of a publish is its grpc-status, OK."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle, islice

from momento_wire_types import cachepubsub_pb2 as messages

from bench import header_blocks
from bench.http2 import SMALLEST_FRAME_BYTES, Connection, Request
from bench.protocols.interface import Refused
from bench.uploads import UploadingConnection

_HEARTBEAT_FRAME_BYTES = 7
"""A heartbeat between two messages has a DATA frame of its own; the first one may have a retained message behind it."""

_SERVICE = b"/cache_client.pubsub.Pubsub/"


def _check_status(block: bytes) -> None:
    headers = header_blocks.read(block)
    if headers.get(b"grpc-status") != b"0":
        raise Refused(", ".join(f"{name.decode()}: {value.decode()}" for name, value in headers.items()))


def grpc_frame(message: bytes) -> bytes:
    """Return a message as it stands in a body."""
    return b"\0" + len(message).to_bytes(4, "big") + message


def publish_message(cache: str, topic: str, value: bytes) -> bytes:
    """Return the message of a Publish of a text."""
    text = messages._TopicValue(text=value.decode())
    return messages._PublishRequest(cache_name=cache, topic=topic, value=text).SerializeToString()


class TidingsPublishing:
    """Unary Publish calls, any number at a time on one connection."""

    def __init__(self, dialect: "TidingsDialect", topics: Sequence[str], value: bytes) -> None:
        fits = len(grpc_frame(publish_message(dialect.cache, topics[0], value))) <= SMALLEST_FRAME_BYTES
        self._connection = Connection(_check_status) if fits else UploadingConnection(_check_status)
        self._blocks = dialect.header_blocks(b"Publish")
        self._cache, self._topic = dialect.cache, topics[0]
        self._first: Request | None = self._request(self._blocks.first, topics[0], value)
        self._later = cycle([self._request(self._blocks.later, topic, value) for topic in topics])
        self.outgoing = self._connection.outgoing

    @property
    def ready(self) -> bool:
        """The server's settings are known."""
        return self._connection.ready

    @property
    def acknowledged(self) -> int:
        """How many calls ended with OK."""
        return self._connection.ended

    def publish(self, count: int) -> bytes:
        """Return `count` calls, each to the next topic."""
        send = self._connection.send
        if count and self._first:
            first, self._first = self._first, None
            next(self._later)
            return send(first) + self.publish(count - 1)
        return b"".join([send(later) for later in islice(self._later, count)])

    def publish_value(self, value: bytes) -> bytes:
        """Return one call with this value."""
        block = self._blocks.first if self._first else self._blocks.later
        self._first = None
        return self._connection.send(self._request(block, self._topic, value))

    def receive(self, chunk: memoryview) -> None:
        """Count calls that ended."""
        self._connection.receive(chunk)

    def _request(self, block: bytes, topic: str, value: bytes) -> Request:
        return Request(block, grpc_frame(publish_message(self._cache, topic, value)))


class TidingsSubscribing:
    """Subscribe calls on one connection; ready when each has had its first heartbeat."""

    def __init__(self, dialect: "TidingsDialect", topics: Sequence[str]) -> None:
        self._connection = Connection(_check_status, apart=_HEARTBEAT_FRAME_BYTES)
        self._heartbeats_bytes = len(topics) * _HEARTBEAT_FRAME_BYTES
        self.outgoing = self._connection.outgoing
        self.receive = self._connection.receive
        blocks = dialect.header_blocks(b"Subscribe")
        for number, topic in enumerate(topics):
            message = messages._SubscriptionRequest(cache_name=dialect.cache, topic=topic)
            body = grpc_frame(message.SerializeToString())
            self.outgoing += self._connection.send(Request(blocks.later if number else blocks.first, body))

    @property
    def ready(self) -> bool:
        """Each stream's first heartbeat is here."""
        return self._connection.data_bytes + self._connection.apart_bytes >= self._heartbeats_bytes

    @property
    def delivered_bytes(self) -> int:
        """gRPC frames that arrived, without heartbeats.

        Raises:
            Refused: a subscription has ended.
        """
        if self._connection.ended:
            raise Refused(f"{self._connection.ended} subscriptions have ended")
        return self._connection.data_bytes


@dataclass(frozen=True)
class TidingsDialect:
    """Speaks gRPC as an SDK does, with one API key and cache."""

    host: str
    port: int
    api_key: str
    cache: str

    def publishing(self, topics: Sequence[str], value: bytes) -> TidingsPublishing:
        """Return a publisher of unary calls."""
        return TidingsPublishing(self, topics, value)

    def subscribing(self, topics: Sequence[str]) -> TidingsSubscribing:
        """Return a connection with a subscription to each of these."""
        return TidingsSubscribing(self, topics)

    def header_blocks(self, method: bytes) -> header_blocks.Blocks:
        """Return the header blocks of calls to one method of the Pubsub service."""
        headers = (
            (b":path", _SERVICE + method),
            (b":authority", f"{self.host}:{self.port}".encode()),
            (b"content-type", b"application/grpc"),
            (b"te", b"trailers"),
            (b"authorization", self.api_key.encode()),
        )
        return header_blocks.post(headers)
