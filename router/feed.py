"""One watched topic on a router: its log, and the subscribers that wait for more of it."""

import asyncio
from typing import Protocol

from api.gaps import Cause
from api.names import Topic
from api.tracing import Span, Spans
from router.arrivals import Arrivals
from router.counts import Gap
from router.gaps import Gaps
from router.log import Log

REST_SECONDS = 80e-6
"""How long a feed rests after a round, for each of its subscribers: about twice what a write to one costs, with its way
through a proxy.

At 1,000 subscribers and 200 publishes in flight this gave 5.05 million deliveries for a CPU-second of the server where
no rest gave 2.6: fewer writes, with more in each.
"""

DIRECT_SECONDS = 15e-6
"""The same where no proxy is in between, for each item of the round, up to that: about once and a half what a write
costs. Where less than one item comes in such a rest, all that come can be written one by one, and none has to wait for
others; where more come, the rests grow until they gather what is worth a write.
"""

PORTION = 64
"""So many subscribers are woken before others have their turn. At 1,000 subscribers this gave 10.6 million deliveries a
second where all of them at once gave 8.4: the proxy reads what one portion was written while the next one is."""

PORTIONS = 20
"""Of one round; of many subscribers each portion has more."""

MOST_REST_SECONDS = 0.1
ROUND_BYTES = 112 * 1024
"""So much new ends the rest: it fills a write, so waiting for more gains nothing."""

HURRY_BYTES = 4 * ROUND_BYTES
"""Where so much is new when a round begins, or comes amid it, all are woken at once: the log holds some megabytes, and
whoever waits for a later portion must not fall behind by that."""


class Fates(Protocol):
    """Tells what has become of storage nodes."""

    def fate(self, node_id: str) -> Cause | None:
        """Return what befell a node lately, if anything has."""
        ...

    def lost(self, topic: Topic) -> Cause | None:
        """Return what befell the node that would have a topic if none had left lately."""
        ...


class Waiter(Protocol):
    """A subscriber that has everything and waits."""

    def wake(self) -> None:
        """Go on: there is more."""
        ...


class Feed:
    """The log of a topic and who reads it.

    Those who wait are woken in rounds, from whose beginning the feed rests for a time in proportion to what one costs.
    So under load items gather into writes worth their price, and without load an item goes out at once.

    Attributes:
        subscribers: How many there are.
        direct_subscribers: Those of them whose clients no Envoy stands before. (`DirectLink` is about something else: a
            storage node in this process.)
    """

    def __init__(
        self,
        topic: Topic,
        node_id: str,
        max_bytes: int,
        gaps: Gaps | None = None,
        fates: Fates | None = None,
    ) -> None:
        """Begin for nobody. Without `fates`, nothing befalls a node."""
        self.topic = topic
        self.node_id = node_id
        self.log = Log(max_bytes)
        self.gaps = gaps or Gaps.unread()
        self.counts = self.gaps.counts
        self.taps = self.gaps.taps
        self.subscribers = 0
        self.direct_subscribers = 0
        self._loop = asyncio.get_running_loop()  # see `http2.sending.Turn`
        self._fates = fates
        self._came_from = node_id
        self._waiting: set[Waiter] = set()
        self._waking = False
        self._due: set[Waiter] = set()
        self._is_amid_wakes = False
        self._portion = PORTION
        self._timer: asyncio.TimerHandle | None = None
        self._rest_until = 0.0
        self._arranged_at = 0.0
        self._begun_at = 0.0
        self._gathered_bytes = 0
        self._gathered = 0
        self._spans: list[Span] = []
        self._arrivals: Arrivals | None = None

    def __repr__(self) -> str:
        return f"<Feed {self.topic.name!r} from {self.node_id}, {self.subscribers} subscribers, {self.log!r}>"

    def append(self, page: int, number: int, frame: bytes) -> None:
        """Take one item from the storage node."""
        gap = self.log.append(page, number, frame)
        if gap is not None:
            self._told_all(gap)
        if self._arrivals is not None:
            self._arrivals.note(page, number, self._loop.time())
        self._gathered_bytes += len(frame)
        self._gathered += 1
        if self._waiting and not self._waking:
            self._arrange()

    def arrivals(self) -> Arrivals:
        """Return when items came since this was asked for first."""
        if self._arrivals is None:
            self._arrivals = Arrivals()
        return self._arrivals

    def traced(self, spans: Spans, above: Span) -> None:
        """Make a span of the delivery of the item that came last: until those who wait have begun to write it."""
        facts: dict[str, str | int] = {
            "tidings.account": self.topic.account,
            "tidings.cache": self.topic.cache,
            "tidings.subscribers": self.subscribers,
        }
        span = spans.begin("deliver", above.traceparent, facts)
        if self._waking or self._is_amid_wakes or self._timer is not None:
            self._spans.append(span)
        else:
            span.end()  # everybody is busy with what came before, and takes this with their next write

    def align(self, page: int, last: int) -> None:
        """Take note of where the topic stands; see `Log.align`."""
        end = self.log.end
        gap = self.log.align(page, last)
        if gap is not None:
            self._told_all(gap)
        self._came_from = self.node_id
        if self.log.end != end:  # it is news; else each new subscriber would wake all the others for nothing
            self._wake()

    def move(self, node_id: str) -> None:
        """Take note that the topic has another owner, or that the one it has is asked anew."""
        self.node_id = node_id

    def told(self, gap: Gap) -> None:
        """Note that one subscriber is told of a discontinuity."""
        self.gaps.told(self.topic, gap)

    def defers(self, cursor: int) -> bool:
        """Whether a subscriber at `cursor` is to wait, although there is something for it; a round will wake it."""
        if not 0 < self.log.bytes_after(cursor) < ROUND_BYTES or self._loop.time() >= self._rest_until:
            return False
        if not self._waking:
            self._arrange()
        return True

    def wait(self, waiter: Waiter) -> None:
        """Wake `waiter` once when there is more."""
        self._waiting.add(waiter)

    def forget(self, waiter: Waiter) -> None:
        """Do not wake `waiter` any more."""
        self._waiting.discard(waiter)
        self._due.discard(waiter)

    def begun_anew(self) -> Cause:
        """Return why a client comes with a numbering of the topic that nobody here has followed."""
        lost = self._fates.lost(self.topic) if self._fates is not None and self.node_id else None
        return self._fate(self.node_id) or lost or "page_reset"

    def trim(self) -> None:
        """Let go of what every subscriber has. Cheap where all of them wait.

        Subscribers that are about to be woken wait as well, but for what is in the log already.
        """
        about_to_wake = self._waking or self._timer is not None
        if self.log.held_bytes and not about_to_wake and len(self._waiting) == self.subscribers:
            self.log.trim(self.log.end)

    @property
    def fresh_bytes(self) -> int:
        """What came for those who wait and are about to be woken: it is theirs, whatever others have not read."""
        return min(self._gathered_bytes, HURRY_BYTES) if self._waiting or self._due else 0

    def _fate(self, node_id: str) -> Cause | None:
        return self._fates.fate(node_id) if self._fates is not None else None

    def _told_all(self, gap: Gap) -> None:
        """Note that all are told; of a topic that has begun anew, for what became of the node that it was on.

        That is the last one that said how the topic stands: an owner that refuses it, or leaves before it answers, is
        not where the topic was lost.
        """
        if gap.cause == "page_reset":
            gap = gap._replace(cause=self._fate(self._came_from) or self._fate(self.node_id) or gap.cause)
        self.gaps.told(self.topic, gap, self.subscribers)

    def _arrange(self) -> None:
        loop = self._loop
        now = loop.time()
        rest = self._rest_until - now
        self._arranged_at = self._arranged_at or now
        if rest <= 0 or self._gathered_bytes >= ROUND_BYTES:
            self._waking = True
            loop.call_soon(self._round)
        elif self._timer is None:
            self._timer = loop.call_later(rest, self._round)

    def _round(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._waking = False
        hurries = self._gathered_bytes >= HURRY_BYTES
        self._rest_until = self._loop.time() + self._rest_seconds()
        self._gathered_bytes = self._gathered = 0
        self._begun_at = self._begun_at or self._arranged_at
        self._arranged_at = 0.0
        self._wake(all_at_once=hurries)

    def _rest_seconds(self) -> float:
        of_direct = min(self._gathered * DIRECT_SECONDS, REST_SECONDS)
        direct = self.direct_subscribers
        rest = direct * of_direct + (self.subscribers - direct) * REST_SECONDS
        return min(rest, MOST_REST_SECONDS)

    def _wake(self, *, all_at_once: bool = False) -> None:
        self._due |= self._waiting
        self._waiting = set()
        self._portion = len(self._due) if all_at_once else max(PORTION, len(self._due) // PORTIONS)
        if not self._is_amid_wakes:
            self._wake_some()

    def _wake_some(self) -> None:
        due = self._due
        portion = len(due) if self._gathered_bytes >= HURRY_BYTES else self._portion
        some = [due.pop() for _ in range(min(portion, len(due)))]
        self._is_amid_wakes = bool(due)
        if due:
            self._loop.call_soon(self._wake_some)
        for waiter in some:
            waiter.wake()
        if not due:
            self._woke_all()

    def _woke_all(self) -> None:
        """Note how long it took, where a round has ended."""
        if self._begun_at:
            self.counts.fanout.add(self._loop.time() - self._begun_at)
            self._begun_at = 0.0
        if self._spans:
            spans, self._spans = self._spans, []
            for span in spans:
                self._loop.call_soon(span.end)  # after what those who were woken have begun
