"""Which topics of a cache are published to most: counted in windows of ten seconds, of bounded size each."""

from collections import deque
from collections.abc import Callable, Sequence
from time import monotonic

from api.names import Topic
from backplane.busiest import TopicUse

WINDOW_SECONDS = 10.0
WINDOWS = 6
"""The one under way and those before it: altogether 50 to 60 seconds."""

MOST_TOPICS = 500
"""So many of one cache are counted in one window."""

_Use = list[int]  # publishes, bytes


class Window:
    """The publishes of some seconds, by topic.

    When a cache has `MOST_TOPICS`, the half with the fewest publishes is forgotten: counts of topics that come and go
    may be too low then, and are never too high. That costs a sort for every 250 new topics.
    """

    __slots__ = ("_caches", "_uses")

    def __init__(self) -> None:
        self._uses: dict[Topic, _Use] = {}
        self._caches: dict[tuple[str, str], dict[Topic, _Use]] = {}

    def __len__(self) -> int:
        return len(self._uses)

    def add(self, topic: Topic, size: int) -> None:
        """Count one publish of this many bytes."""
        use = self._uses.get(topic)
        if use is None:
            use = self._begun(topic)
        use[0] += 1
        use[1] += size

    def add_to(self, sums: dict[str, _Use], account: str, cache: str) -> None:
        """Add what was counted of a cache to `sums`, by the topic's name."""
        for topic, (publishes, size) in self._caches.get((account, cache), {}).items():
            found = sums.setdefault(topic.name, [0, 0])
            found[0] += publishes
            found[1] += size

    def _begun(self, topic: Topic) -> _Use:
        topics = self._caches.setdefault((topic.account, topic.cache), {})
        if len(topics) >= MOST_TOPICS:
            fewest_first = sorted(topics, key=lambda each: topics[each][0])
            for least in fewest_first[: MOST_TOPICS // 2]:
                del topics[least], self._uses[least]
        use = topics[topic] = self._uses[topic] = [0, 0]
        return use


class BusyTopics:
    """The publishes of the last minute, by topic.

    Attributes:
        now: The window under way; the hot path adds to it.
    """

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self.now = Window()
        self._windows = deque([self.now], maxlen=WINDOWS)
        self._turned = clock()

    def __repr__(self) -> str:
        return f"<BusyTopics {len(self.now)} topics in this window>"

    def turn(self) -> None:
        """Begin a new window where it is time. To be called every second or so."""
        passed = int((self._clock() - self._turned) / WINDOW_SECONDS)
        for _ in range(min(passed, WINDOWS)):
            self.now = Window()
            self._windows.append(self.now)
        self._turned += passed * WINDOW_SECONDS

    def busiest(self, account: str, cache: str, most: int) -> Sequence[TopicUse]:
        """Return this many topics of a cache at most, the one with the most publishes first."""
        sums: dict[str, _Use] = {}
        for window in self._windows:
            window.add_to(sums, account, cache)
        uses = [TopicUse(name, publishes, size) for name, (publishes, size) in sums.items()]
        return sorted(uses, key=lambda use: (-use.publishes, use.name))[:most]
