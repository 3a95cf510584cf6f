"""What generators and their director tell each other."""

from dataclasses import dataclass

from bench.load.window import Measured


@dataclass(frozen=True)
class Ready:
    """All connections are set up, and subscriptions confirmed."""


@dataclass(frozen=True)
class Expect:
    """How many messages have been published in all, and thus are owed to each subscriber.

    None where each has a topic of its own: then all that comes until nothing does.
    """

    messages: int | None


@dataclass(frozen=True)
class Published:
    """A publisher's account.

    Attributes:
        measured: Acknowledged publishes within the window.
        acknowledged: Acknowledged publishes from the first to the last.
    """

    measured: Measured
    acknowledged: int


@dataclass(frozen=True)
class Delivered:
    """A reader's account.

    Attributes:
        measured: Bytes of messages within the window.
        messages: Whole messages that arrived on all its subscriptions, from the first to the last.
        missing: Messages that were owed and did not arrive.
        kicked: Connections that the server closed.
    """

    measured: Measured
    messages: int
    missing: int
    kicked: int


@dataclass(frozen=True)
class Latencies:
    """A latency reader's account: seconds from just before the send to just after the read, one for each delivery."""

    seconds: list[float]
    cpu_seconds: float
