"""Where the router's paths are listened in on, for the inspectors of a cache.

A path asks `if taps.by_cache` and goes on here only then: that question is all that it costs where nobody looks.
"""

import asyncio
import time
from dataclasses import dataclass, field

from momento_wire_types import cachepubsub_pb2 as wire

from api.errors import TidingsError
from api.gaps import Cause
from api.link import Receipt
from api.names import MAX_NAME_CHARACTERS, Topic
from router.bearer import Inspectable
from router.counts import Call
from router.inspector import Inspector, Inspectors, event
from router.tallies import Tally

TEXT_CHARACTERS = 200
"""So much of a text is shown."""

GATHER_SECONDS = 0.1
"""Deliveries of a topic within this time are told as one event."""


@dataclass(slots=True)
class _Delivered:
    """What was written to a topic's subscribers since it was told last."""

    items: int = 0
    bytes: int = 0
    subscribers: set[object] = field(default_factory=set[object])


class Tap:
    """Tells the inspectors of one cache."""

    def __init__(self) -> None:
        self.inspectors = Inspectors()
        self._delivered: dict[str, _Delivered] = {}
        self._timer: asyncio.TimerHandle | None = None

    def tell(self, kind: str, topic: str, **facts: object) -> None:
        """Tell one event, as of now."""
        self.inspectors.put(event(kind, at=round(time.time(), 3), topic=topic, **facts))

    def delivered(self, topic: str, subscriber: object, tally: Tally) -> None:
        """Gather one delivery; all of the next moment are told together."""
        known = self._delivered.setdefault(topic, _Delivered())
        known.items += tally.messages
        known.bytes += tally.bytes
        known.subscribers.add(subscriber)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(GATHER_SECONDS, self._flush)

    def close(self) -> None:
        """Gather no more."""
        if self._timer is not None:
            self._timer.cancel()

    def _flush(self) -> None:
        self._timer = None
        gathered, self._delivered = self._delivered, {}
        for topic, each in gathered.items():
            self.tell("delivered", topic, subscribers=len(each.subscribers), items=each.items, bytes=each.bytes)


class Taps:
    """The taps of a router.

    Attributes:
        by_cache: By the ids of account and cache; only of those that somebody looks at.
    """

    def __init__(self) -> None:
        self.by_cache: dict[tuple[str, str], Tap] = {}

    def __repr__(self) -> str:
        return f"<Taps of {len(self.by_cache)} caches>"

    def open(self, cache: Inspectable) -> Inspector:
        """Return one more inspector of a cache, until `close`.

        Raises:
            TooManyRequests: there are as many as there may be.
        """
        return self.by_cache.setdefault(cache, Tap()).inspectors.add()

    def close(self, cache: Inspectable, inspector: Inspector) -> None:
        """Tell an inspector nothing more."""
        tap = self.by_cache[cache]
        tap.inspectors.discard(inspector)
        if not len(tap.inspectors):
            del self.by_cache[cache]
            tap.close()

    def wake(self) -> None:
        """Have all inspectors look at how the router stands."""
        for tap in self.by_cache.values():
            tap.inspectors.wake()

    def published(self, topic: Topic, receipt: Receipt, value: bytes, value_bytes: int, publisher_id: bytes) -> None:
        """Tell of a publish that was acknowledged; `value` is the serialised `_TopicValue`."""
        tap = self._of(topic)
        if tap is not None:
            facts = {"sequence": receipt.number, "page": receipt.page, "bytes": value_bytes}
            publisher = {"publisher_id": publisher_id.decode()} if publisher_id else {}
            tap.tell("published", topic.name, **facts, **publisher, **_shown(value))

    def delivered(self, topic: Topic, subscriber: object, tally: Tally) -> None:
        """Tell, with others of the same moment, of items that were written to a subscriber."""
        tap = self._of(topic)
        if tap is not None:
            tap.delivered(topic.name, subscriber, tally)

    def gap(self, topic: Topic, cause: Cause, subscribers: int) -> None:
        """Tell that so many subscribers were told of a discontinuity."""
        tap = self._of(topic)
        if tap is not None and subscribers:
            tap.tell("gap", topic.name, cause=cause, subscribers=subscribers)

    def opened(self, topic: Topic, subscribers: int) -> None:
        """Tell of a new subscription; `subscribers` is how many the topic has now, as in `ended`."""
        tap = self._of(topic)
        if tap is not None:
            tap.tell("opened", topic.name, subscribers=subscribers)

    def ended(self, topic: Topic, subscribers: int, reason: TidingsError | None) -> None:
        """Tell of the end of a subscription; without a reason the client has left."""
        tap = self._of(topic)
        if tap is not None:
            why = {"code": reason.code, "message": reason.message} if reason else {}
            tap.tell("ended", topic.name, subscribers=subscribers, **why)

    def refused(self, cache: tuple[str, str], topic: str, call: Call, reason: TidingsError) -> None:
        """Tell of a call that was refused."""
        tap = self.by_cache.get(cache)
        if tap is not None:
            tap.tell("refused", topic[:MAX_NAME_CHARACTERS], call=call, code=reason.code, message=reason.message)

    def _of(self, topic: Topic) -> Tap | None:
        return self.by_cache.get((topic.account, topic.cache))


def _shown(value: bytes) -> dict[str, str]:
    """Return the beginning of a text; nothing of what is binary."""
    parsed = wire._TopicValue.FromString(value)
    if parsed.WhichOneof("kind") != "text":
        return {}
    text = parsed.text
    return {"text": text if len(text) <= TEXT_CHARACTERS else text[:TEXT_CHARACTERS] + "…"}
