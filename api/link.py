"""What a router asks of a storage node, and what the node tells it.

A node in the same process is called directly; one on another machine is reached over one connection
(`api/frames.py`, `api/link.proto`). Both keep the order: an answer to `subscribe` comes after every item that was
broadcast before it, and before every item that follows.
"""

from collections.abc import Callable
from typing import NamedTuple, Protocol

from api.items import Discontinuity
from api.names import Topic

READ_BYTES = 256 * 1024
"""Where a node's answer to a subscriber that resumes is cut; the subscriber asks for the rest when it has sent this.

So a subscriber that reads slowly holds this much of the history, and not all of it.
"""


class Receipt(NamedTuple):
    """Where a published item stands in its topic."""

    page: int
    number: int


class Resumed(NamedTuple):
    """The state of a topic at one moment, as a new subscriber needs it.

    Attributes:
        page: The topic's sequence page.
        last: The number of its newest item, 0 where there is none. What is broadcast afterwards starts at `last` + 1.
        discontinuity: What the subscriber is told before anything else, where its resume point is not available.
        frames: The retained items from its resume point on, as gRPC frames; no more than `READ_BYTES`, or one.
        next: The number that follows these frames; `last` + 1 where that was all.
    """

    page: int
    last: int
    discontinuity: Discontinuity | None
    frames: list[bytes]
    next: int


class Moved(Exception):
    """The node does not own the topic. Nothing was done, so the same may be asked of the owner.

    Attributes:
        map_version: Of the map by which the node says so; 0 where it is not known.
    """

    def __init__(self, map_version: int = 0) -> None:
        super().__init__(map_version)
        self.map_version = map_version


class Watcher(Protocol):
    """A router, as a storage node sees it: each item is broadcast once to each router that watches its topic."""

    def item(self, topic: Topic, page: int, number: int, frame: bytes) -> None:
        """Take one item of a watched topic. Numbers of a page come in order and without gaps."""
        ...

    def moved(self, topic: Topic, map_version: int) -> None:
        """Take note that a topic is watched here no more: by the map of this version another node owns it."""
        ...


class Sink(Watcher, Protocol):
    """A router, as its links see it."""

    def stands(self, topic: Topic, page: int, last: int) -> None:
        """Take note that a watch was taken up anew, all items up to `last` of `page` that are retained were told."""
        ...


class Asker(Protocol):
    """Who wants to know what becomes of one publish. Neither call may raise."""

    def stored(self) -> None:
        """Take note that the node has the value: once, also after `told` has said that no answer came."""
        ...

    def told(self, outcome: "Receipt | Exception") -> None:
        """Take the receipt, or what `Link.publish` would raise: once."""
        ...


class Local(Protocol):
    """A storage node in the same process."""

    def publish(self, topic: Topic, value: bytes, publisher_id: bytes) -> Receipt:
        """Number, keep and broadcast a value. See `Link.publish`."""
        ...


class Watching(Protocol):
    """What topics are read from: a storage node, or what the service itself writes."""

    async def subscribe(self, topic: Topic, number: int, page: int) -> Resumed:
        """Watch a topic from now on, and read what a subscriber with this resume point is to get first.

        It waits for a node that cannot be reached, or is silent, until whoever asks gives up.

        Args:
            topic: The topic; watching one that is watched already changes nothing.
            number: The first number wanted; 0 with page 0 for no resume point.
            page: The page that the number belongs to; 0 for the current one.

        Raises:
            Moved: the node does not own the topic.
            Unavailable: the node cannot answer.
        """
        ...

    def watch(self, topic: Topic, page: int, last: int) -> None:
        """Watch a topic whose items up to `last` of `page` are known from another node; page 0 where none are.

        The sink is told of what follows, then how the topic `stands`, then of what is broadcast; again after each
        break of the connection.
        """
        ...

    def unsubscribe(self, topic: Topic) -> None:
        """Stop watching a topic. Nothing happens when it is not watched."""
        ...


class Link(Watching, Protocol):
    """One router's way to one storage node."""

    @property
    def local(self) -> Local | None:
        """The node, where it is in this process and may be called without a word to anybody."""
        ...

    @property
    def is_connected(self) -> bool:
        """Whether what is asked now is asked at once."""
        ...

    @property
    def waiting_bytes(self) -> int:
        """Bytes that wait for the node to read them."""
        ...

    async def publish(
        self, topic: Topic, value: bytes, publisher_id: bytes, timeout: float, stored: Callable[[], None]
    ) -> Receipt:
        """Number, keep and broadcast a value.

        Args:
            topic: The topic, owned by this node.
            value: The serialised `_TopicValue`.
            publisher_id: UTF-8; empty for none.
            timeout: Seconds that the publisher is ready to wait.
            stored: Called once when the node's word arrives that it has the value, also when nobody waits for that
                any more.

        Raises:
            Moved: the node does not own the topic.
            Unavailable: the node cannot be reached.
            DeadlineExceeded: no answer came in time; the value may have been published.
        """
        ...

    def begin(self, topic: Topic, value: bytes, publisher_id: bytes, timeout: float, asker: Asker) -> None:
        """Begin what `publish` does, and have `asker` told what comes of it. Only for a link that `is_connected`.

        Raises:
            Unavailable: the node does not keep up.
        """
        ...

    def leave(self) -> None:
        """Let go of the node for good: what waits for its answer fails, what was not yet asked as `Moved`."""
        ...
