"""A topic against the plainest model of it: the list of everything ever published, and which part of it is kept."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from api.items import Discontinuity
from storage.settings import HistorySettings
from tests.unit.clock import Clock
from tests.unit.storage.parts import NOON_MS, TOPIC, Heard, node, number_of, numbers, value

KEPT_ITEMS, KEPT_SECONDS, IDLE_SECONDS = 4, 60.0, 30.0


class TopicMachine(RuleBasedStateMachine):
    """Publishes, resumes, lets time pass and forgets, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.node = node(self.clock, HistorySettings(items=KEPT_ITEMS, seconds=KEPT_SECONDS, idle_seconds=IDLE_SECONDS))
        self.pages = [0]
        self.published: list[tuple[float, str]] = []
        self.used = self.clock()
        self.exists = False
        self.watching: Heard | None = None
        self.expected: list[int] = []

    def touch(self, page: int) -> None:
        """Take note that the topic was used, and check its page."""
        if not self.exists:
            self.exists = True
            assert page > self.pages[-1]
            self.pages.append(page)
        assert page == self.pages[-1] >= NOON_MS
        self.used = self.clock()

    def retained(self) -> list[int]:
        oldest = self.clock() - KEPT_SECONDS
        newest = list(enumerate(self.published, 1))[-KEPT_ITEMS:]
        return [number for number, (at, _) in newest if at >= oldest]

    @rule(text=st.text(max_size=3))
    def publish(self, text: str) -> None:
        receipt = self.node.publish(TOPIC, value(text), b"")
        self.touch(receipt.page)
        self.published.append((self.clock(), text))
        assert receipt.number == len(self.published)
        if self.watching:
            self.expected.append(receipt.number)

    @rule(number=st.integers(0, 12), page=st.sampled_from(["none", "current", "older", "unknown"]))
    def resume(self, number: int, page: str) -> None:
        asked = {"none": 0, "current": self.pages[-1], "older": self.pages[len(self.pages) // 2], "unknown": 1}[page]
        before_birth = not self.exists
        visitor = Heard()
        resumed = self.node.subscribe(TOPIC, visitor, number, asked)
        self.node.unsubscribe(TOPIC, visitor)
        self.touch(resumed.page)
        kept, last = self.retained(), len(self.published)
        assert resumed.last == last
        current = asked in (0, resumed.page) and not (before_birth and asked)
        wanted = max(number, 1)
        if number == 0 and asked == 0:
            assert (resumed.discontinuity, numbers(resumed)) == (None, kept[-1:])
        elif current and (wanted in kept or wanted == last + 1):
            assert (resumed.discontinuity, numbers(resumed)) == (None, [n for n in kept if n >= wanted])
        else:
            new = kept[0] if kept else last
            assert resumed.discontinuity == Discontinuity(wanted - 1, new, resumed.page)
            assert numbers(resumed) == kept

    @precondition(lambda self: self.watching is None)
    @rule()
    def watch(self) -> None:
        self.watching = Heard()
        self.touch(self.node.subscribe(TOPIC, self.watching, 0, 0).page)
        self.expected = []

    @precondition(lambda self: self.watching is not None)
    @rule()
    def unwatch(self) -> None:
        assert self.watching is not None
        self.node.unsubscribe(TOPIC, self.watching)
        self.watching = None
        self.used = self.clock()

    @rule(seconds=st.floats(0.0, 45.0))
    def wait(self, seconds: float) -> None:
        self.clock.advance(seconds)

    @rule()
    def sweep(self) -> None:
        for _ in self.node.sweep():
            pass
        idle = self.clock() - self.used >= IDLE_SECONDS
        if self.exists and idle and not self.watching and not self.retained():
            self.exists, self.published = False, []
        assert len(self.node) == int(self.exists)

    @invariant()
    def a_watcher_hears_exactly_what_is_published(self) -> None:
        if self.watching:
            assert self.watching.numbers == [number_of(frame) for frame in self.watching.frames] == self.expected


TopicMachine.TestCase.settings = settings(max_examples=150, stateful_step_count=40)
TestTopic = TopicMachine.TestCase
