"""What one router has done since it began, in plain numbers that the hot path adds to."""

from collections import Counter
from typing import Literal, NamedTuple

from api.durations import Durations
from api.gaps import Cause
from router.tallies import Tally

Call = Literal["publish", "subscribe"]


class Gap(NamedTuple):
    """A discontinuity as it is noted.

    Attributes:
        last: The last number that the subscriber has.
        next: The number that it goes on with.
    """

    cause: Cause
    last: int
    next: int


class Counts:
    """Numbers that only grow.

    Attributes:
        published: Publishes that were acknowledged.
        opened: Subscriptions that were opened.
        delivered: Items that were handed to subscribers' streams.
        delivered_bytes: Bytes of their values.
        refused: Calls that ended with an error, by what was called and the error's code.
        disconnected: Streams that were ended because they fell behind.
        gaps: Discontinuities that subscribers were told, by cause.
        publish: From a publish that may be done until its storage node has acknowledged it.
        subscribe: From a subscription's request until its first item or heartbeat can be written.
        fanout: From the first item of a round until all subscribers that waited are awake.
    """

    __slots__ = (
        "delivered", "delivered_bytes", "disconnected", "fanout", "gaps", "opened", "publish", "published", "refused",
        "subscribe",
    )  # fmt: skip

    def __init__(self) -> None:
        self.published = 0
        self.opened = 0
        self.delivered = 0
        self.delivered_bytes = 0
        self.disconnected = 0
        self.refused: Counter[tuple[Call, str]] = Counter()
        self.gaps: Counter[Cause] = Counter()
        self.publish = Durations()
        self.subscribe = Durations()
        self.fanout = Durations()

    def __repr__(self) -> str:
        return f"<Counts {self.published} published, {self.delivered} delivered, {self.gaps.total()} gaps>"

    def landed(self, tally: Tally) -> None:
        """Count what was handed to a stream."""
        self.delivered += tally.messages
        self.delivered_bytes += tally.bytes
