"""A checked workload: publishers that number their messages, subscribers that resume, and the books of both."""

import asyncio
import random
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from typing import Self

from tests.e2e.fleet.clients import Publisher, Subscriber
from tests.e2e.fleet.connection import Connection
from tests.e2e.fleet.findings import Findings, check
from tests.e2e.fleet.ledger import Ledger, Message, Seen, messages
from tests.e2e.fleet.pace import Pace
from tests.patience import patient

STREAMS_PER_CONNECTION = 100
SETTLE_SECONDS = 20.0
TICK_SECONDS = 0.02
EASE_SECONDS = 0.5


@dataclass(frozen=True)
class Reach:
    """How clients reach a service: the addresses of its routers, or the one that stands for them, and a key."""

    addresses: Sequence[str]
    key: str
    cache: str
    durable: bool = False


@dataclass(frozen=True)
class Shape:
    """How much is asked of the service.

    Attributes:
        subscribers: Of each topic, each through another router.
        publishers: Of each topic, each through another router.
        interval_seconds: Between two messages of one publisher.
    """

    topics: int = 12
    subscribers: int = 3
    publishers: int = 2
    interval_seconds: float = 0.1
    name: str = "topic"


class Workload:
    """Runs from the opening of the last subscription to `settle`; a context manager.

    Attributes:
        ledger: What was sent and seen.
        random: Makes a run that is given its seed the same again.
        pace: How fast the service and this process were before anything was broken.
    """

    def __init__(self, reach: Reach, shape: Shape | None = None, *, seed: int | None = None) -> None:
        self.seed = random.randrange(2**32) if seed is None else seed
        self.reach = reach
        self.shape = shape or Shape()
        self.ledger = Ledger()
        self.pace = Pace(self.ledger)
        self.random = random.Random(self.seed)
        self.topics = [f"{self.shape.name}-{self.seed:08x}-{n}" for n in range(self.shape.topics)]
        self._stack = AsyncExitStack()
        self._publishing: set[asyncio.Task[None]] = set()
        self.subscribers: list[Subscriber] = []
        self.publishers: list[Publisher] = []

    def __repr__(self) -> str:
        return f"<Workload seed {self.seed}, {self.shape}, {self.ledger!r}>"

    async def __aenter__(self) -> Self:
        print(f"workload seed {self.seed}")  # noqa: T201 - to run it again as it was
        try:
            await self._open()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        for publisher in self.publishers:
            publisher.stop()
        await self._stack.aclose()

    async def _open(self) -> None:
        self._keep(self.pace.run())
        await self._subscribe()
        everyone = self.connected(-(-len(self.topics) * self.shape.publishers // STREAMS_PER_CONNECTION))
        for place, (topic, name) in enumerate(self._pairs("publisher", self.shape.publishers)):
            first = Message(self.reach.cache, topic, name, 1)
            interval = self.shape.interval_seconds * self.random.uniform(0.9, 1.1)
            publisher = Publisher(self.ledger, everyone, self.reach.cache, first, interval, start=place)
            self.publishers.append(publisher)
            self._publishing.add(self._keep(publisher.run()))
        await self.until(self._everyone_has_something, "a first item at every subscriber")

    async def _subscribe(self) -> None:
        everyone = self.connected(-(-len(self.topics) * self.shape.subscribers // STREAMS_PER_CONNECTION))
        for place, (topic, name) in enumerate(self._pairs("subscriber", self.shape.subscribers)):
            seen = self.ledger.listener(name, topic)
            subscriber = Subscriber(seen, everyone, self.reach.cache, start=place)
            self.subscribers.append(subscriber)
            self._keep(subscriber.run())
        await self.until(self.is_open, "open subscriptions")

    def _pairs(self, what: str, count: int) -> Iterator[tuple[str, str]]:
        for topic in self.topics:
            for n in range(count):
                yield topic, f"{what}-{topic}-{n}"

    def connected(self, each: int) -> list[Connection]:
        """Open `each` connections for all addresses, in an order in which neighbours lead to different ones."""
        made = [Connection(address, self.reach.key) for _ in range(max(each, 1)) for address in self.reach.addresses]
        for connection in made:
            self._stack.push_async_callback(connection.aclose)
        return made

    def _keep(self, work: "asyncio._CoroutineLike[None]") -> "asyncio.Task[None]":
        task = asyncio.create_task(work)

        async def end() -> None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

        self._stack.push_async_callback(end)
        return task

    def is_open(self) -> bool:
        """Whether every subscriber has a stream now."""
        return all(subscriber.is_open.is_set() for subscriber in self.subscribers)

    def _everyone_has_something(self) -> bool:
        return not self.publishers or all(seen.items() for seen in self.ledger.seen)

    @contextmanager
    def at_ease(self) -> Generator[None]:
        """Publish twice a second at most while the block starts a process, which has the cores that this leaves it."""
        usual = [publisher.interval_seconds for publisher in self.publishers]
        for publisher in self.publishers:
            publisher.interval_seconds = max(publisher.interval_seconds, EASE_SECONDS)
        try:
            yield
        finally:
            for publisher, interval_seconds in zip(self.publishers, usual, strict=True):
                publisher.interval_seconds = interval_seconds

    async def until(self, condition: Callable[[], bool], what: str, seconds: float = SETTLE_SECONDS) -> None:
        """Wait for a condition, with a deadline."""
        deadline = time.monotonic() + patient(seconds)
        while not condition():
            for task in self._publishing:
                if task.done():
                    task.result()
            assert time.monotonic() < deadline, f"{what} did not come within {patient(seconds):g} s: {self!r}"
            await asyncio.sleep(TICK_SECONDS)

    async def go_on(self, count: int = 5, seconds: float = SETTLE_SECONDS) -> None:
        """Wait until every publisher has had `count` more messages acknowledged."""
        before = {publisher.message.publisher: 0 for publisher in self.publishers}
        start = len(self.ledger.sent)

        def enough() -> bool:
            had = dict(before)
            for sent in self.ledger.sent[start:]:
                had[sent.message.publisher] += sent.is_acknowledged
            return min(had.values()) >= count

        await self.until(enough, f"{count} more acknowledged of each publisher", seconds)

    async def settle(self, seconds: float = SETTLE_SECONDS) -> Findings:
        """Stop publishing, give every subscriber time to get what was acknowledged last, and compare the books."""
        for publisher in self.publishers:
            publisher.stop()
        await asyncio.wait(self._publishing, timeout=patient(seconds))
        newest: dict[str, set[Message]] = {topic: set() for topic in self.topics}
        for publisher in self.publishers:
            mine = [s.message for s in self.ledger.acknowledged() if s.message.publisher == publisher.message.publisher]
            newest[publisher.message.topic] |= set(mine[-1:])
        deadline = time.monotonic() + patient(seconds)
        while not all(_has(seen, newest[seen.topic]) for seen in self.ledger.seen) and time.monotonic() < deadline:
            await asyncio.sleep(TICK_SECONDS)
        found = check(self.ledger, durable=self.reach.durable)
        print(f"{self!r}, {self.pace!r}")  # noqa: T201 - the figures of a test that failed
        return found


def _has(seen: Seen, wanted: set[Message]) -> bool:
    return wanted <= set(messages(seen.items()[-10 * len(wanted) :]))
