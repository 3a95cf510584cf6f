"""What the load generators need of a system's protocol; bytes in, bytes out.

A `Dialect` is sent to worker processes, so it is plain data; sessions are made inside them, one for each connection.
"""

from collections.abc import Sequence
from typing import Protocol


class Refused(Exception):
    """The system refused a publish, a subscription or a connection."""


class Session(Protocol):
    """One connection.

    Attributes:
        outgoing: Bytes that the protocol owes to the server; whoever sends them clears it.
    """

    outgoing: bytearray

    @property
    def ready(self) -> bool:
        """The connection is set up, or all its subscriptions are confirmed."""
        ...

    def receive(self, chunk: memoryview) -> None:
        """Take what arrived; a chunk may begin and end anywhere.

        Raises:
            Refused, ProtocolError: the server did not do what it was asked.
        """
        ...


class Publishing(Session, Protocol):
    """A connection that publishes to its topics in turn. Once `ready`, `publish` may be called."""

    @property
    def acknowledged(self) -> int:
        """How many publishes the server has confirmed."""
        ...

    def publish(self, count: int) -> bytes:
        """Return the bytes of `count` publishes of the session's constant payload."""
        ...

    def publish_value(self, value: bytes) -> bytes:
        """Return the bytes of one publish of this value to the first topic."""
        ...


class Subscribing(Session, Protocol):
    """A connection with one or more subscriptions."""

    @property
    def delivered_bytes(self) -> int:
        """What has arrived on subscriptions: messages with their framing, without the transport's."""
        ...


class Dialect(Protocol):
    """How to speak to one system."""

    @property
    def host(self) -> str:
        """Where it listens."""
        ...

    @property
    def port(self) -> int:
        """The port it listens on."""
        ...

    def publishing(self, topics: Sequence[str], value: bytes) -> Publishing:
        """Return a session that publishes `value` to each of these topics in turn."""
        ...

    def subscribing(self, topics: Sequence[str]) -> Subscribing:
        """Return a session that subscribes to each of these; a topic may occur twice where the protocol can."""
        ...
