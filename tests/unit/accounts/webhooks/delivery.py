"""A courier between a topic of a real router and a receiver that the test is, with notes in memory."""

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from accounts.webhook_deliveries.book import Failing, LeaseLost, Settled
from accounts.webhook_deliveries.courier import Assignment, Courier
from accounts.webhook_deliveries.pace import Pace
from accounts.webhook_deliveries.tally import Tally
from accounts.webhook_deliveries.topics import Position
from api.errors import Unavailable
from api.tasks import end
from api.webhooks import Outcome
from cli.webhook_topics import RouterTopics
from tests.unit.router.parts import World, world

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BEGINNING = 1_900_000_000
OK = Outcome(delivered=True, status=204)
DOWN = Outcome(delivered=False, reason="ConnectError: refused")


@dataclass
class Receiver:
    """Takes what is sent; `answers` says what comes of each try, `OK` where it has no more to say."""

    answers: list[Outcome] = field(default_factory=list[Outcome])
    always: Outcome = OK
    slow_seconds: float = 0.0
    tried: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    taken: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    times: list[float] = field(default_factory=list[float])
    headers: list[Mapping[str, str]] = field(default_factory=list[Mapping[str, str]])
    at_once: int = 0
    most_at_once: int = 0

    async def send(self, url: str, headers: Mapping[str, str], body: bytes) -> Outcome:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        self.times.append(asyncio.get_running_loop().time())
        self.headers.append(headers)
        told = json.loads(body)
        self.tried.append(told)
        await asyncio.sleep(self.slow_seconds)
        self.at_once -= 1
        outcome = self.answers.pop(0) if self.answers else self.always
        if outcome.delivered:
            self.taken.append(told)
        return outcome

    async def close(self) -> None:
        """Nothing is open."""

    @property
    def texts(self) -> list[str]:
        return [told.get("text", "gap") for told in self.taken]


@dataclass
class Notes:
    """A book that is memory."""

    position: Position = field(default_factory=lambda: Position(0, 0))
    settled: list[Settled] = field(default_factory=list[Settled])
    troubles: list[Failing | None] = field(default_factory=list[Failing | None])
    room: int = 1000
    is_lost: bool = False
    is_down: bool = False

    async def settle(self, position: Position, settled: Sequence[Settled]) -> None:
        if self.is_lost:
            raise LeaseLost
        self.position = position
        self.settled += settled

    async def failing(self, failing: Failing | None) -> None:
        if self.is_down:
            raise Unavailable("nothing can be noted")
        self.troubles.append(failing)

    async def has_room(self) -> bool:
        return len(self.dead) < self.room

    @property
    def dead(self) -> list[Settled]:
        return [each for each in self.settled if each.letter is not None]


@dataclass
class Delivery:
    """What a test has in its hands."""

    acme: World
    receiver: Receiver = field(default_factory=Receiver)
    notes: Notes = field(default_factory=Notes)
    tally: Tally = field(default_factory=Tally)
    shared: Pace = field(default_factory=lambda: Pace(1_000_000))

    async def publish(self, *texts: str) -> None:
        for text in texts:
            await self.acme.publish(text)

    def courier(self, **changes: Any) -> Courier:
        known: dict[str, Any] = {
            "webhook_id": "hook_1",
            "version": 1,
            "account_id": "acme",
            "cache": "cache",
            "topic": "topic",
            "url": "https://example.com/hook",
            "secrets": [(SECRET, float("inf"))],
            "concurrency": 1,
            "per_second": 1000,
            "position": self.notes.position,
        }
        topics = RouterTopics(lambda: self.acme.router)
        assignment = Assignment(**(known | changes))
        return Courier(assignment, topics, self.receiver, self.notes, self.tally, self.shared, _now)

    @asynccontextmanager
    async def running(self, **changes: Any) -> AsyncGenerator[Courier]:
        courier = self.courier(**changes)
        task = asyncio.create_task(courier.run())
        yield courier
        await end(task)

    async def until(self, count: int, seconds: float = 7200.0) -> None:
        """Wait until so many events are done with."""
        async with asyncio.timeout(seconds):
            while len(self.notes.settled) < count:
                await asyncio.sleep(0.1)


async def delivery() -> Delivery:
    """Return a topic that exists, and a courier's position at its end."""
    made = Delivery(await world())
    made.notes.position = await RouterTopics(lambda: made.acme.router).newest("acme", "cache", "topic")
    return made


def _now() -> float:
    return BEGINNING + asyncio.get_running_loop().time()
