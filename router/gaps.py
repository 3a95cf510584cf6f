"""Notes each discontinuity that a subscriber is told: in counts, for inspectors, and in the ledger that accounts read.

The ledger goes the way of usage, in rows of the window, so that a kill of the process loses none of it.
"""

import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress

from api.errors import UsageNotRecorded
from api.gaps import Cause
from api.names import Topic
from api.system import is_system
from api.usage import LARGEST_COUNT
from router.counts import Counts, Gap
from router.meters.meters import Meters
from router.meters.window import GAP
from router.taps import Taps

MOST_OF_ACCOUNT = 50
"""So many topics of an account are told apart in a minute, with each cause; the others' gaps are counted together."""

MOST_TOPICS = 500
"""So many of all accounts."""

LARGEST_NUMBER = LARGEST_COUNT - 1
"""A client may say that it has any number."""


class Gaps:
    """The gaps of a router.

    Attributes:
        taps: Where inspectors are told.
    """

    def __init__(self, counts: Counts, taps: Taps, meters: Meters, now: Callable[[], float] = time.time) -> None:
        self.counts = counts
        self.taps = taps
        self._meters = meters
        self._now = now
        self._minute = 0
        self._told_apart: set[tuple[Topic, Cause]] = set()
        self._of_accounts: Counter[str] = Counter()

    @classmethod
    def unread(cls) -> "Gaps":
        """Return gaps that nobody looks at."""
        return cls(Counts(), Taps(), Meters.in_memory())

    def __repr__(self) -> str:
        return f"<Gaps of {len(self._told_apart)} topics in this minute>"

    def told(self, topic: Topic, gap: Gap, streams: int = 1) -> None:
        """Note that so many streams are told of a gap."""
        if not streams:
            return
        self.counts.gaps[gap.cause] += streams
        if self.taps.by_cache:
            self.taps.gap(topic, gap.cause, streams)
        if is_system(topic.name):
            return
        with suppress(UsageNotRecorded):  # the log was told; a discontinuity is sent in any case
            self._note(topic, gap, streams)

    def _note(self, topic: Topic, gap: Gap, streams: int) -> None:
        meter = GAP + gap.cause
        if self._tells_apart(topic, gap.cause):
            row = self._meters.row((topic.account, topic.cache, meter, topic.name))
            row.widen(streams, min(gap.last, LARGEST_NUMBER), min(gap.next, LARGEST_NUMBER))
        else:
            self._meters.row((topic.account, "", meter, "")).add(streams)

    def _tells_apart(self, topic: Topic, cause: Cause) -> bool:
        minute = int(self._now()) // 60
        if minute != self._minute:
            self._minute = minute
            self._told_apart.clear()
            self._of_accounts.clear()
        key = (topic, cause)
        if key in self._told_apart:
            return True
        if len(self._told_apart) >= MOST_TOPICS or self._of_accounts[topic.account] >= MOST_OF_ACCOUNT:
            return False
        self._told_apart.add(key)
        self._of_accounts[topic.account] += 1
        return True
