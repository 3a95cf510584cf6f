"""Delivers for one webhook: reads its topic, posts what comes in order, and notes how far it is.

With a concurrency of one, an item goes out when the one before was taken or is a dead letter. With more, so many go out
together, and the next ones when all of them are done with: nothing is passed over in either case.
"""

import asyncio
import logging
import random
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from accounts.webhook_deliveries.book import Book, Failing, Settled
from accounts.webhook_deliveries.events import Event, event, event_id, request
from accounts.webhook_deliveries.pace import Pace
from accounts.webhook_deliveries.patience import gives_up, wait_seconds
from accounts.webhook_deliveries.tally import Tally
from accounts.webhook_deliveries.topics import Gap, Item, Position, Reading, Topics
from api.errors import StreamMoved, TidingsError
from api.log_context import bind
from api.webhooks import Outcome, Sending

REREAD_SECONDS = 1.0
SAVE_SECONDS = 0.5
"""So much of what was delivered may be delivered again after a crash, where much waits."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Assignment:
    """What a courier is to do.

    Attributes:
        cache: By its name.
        secrets: Each with the epoch second until which it signs; the newest first.
        failing_since: The epoch second since which the receiver takes nothing; None where it takes what comes.
        unreadable: Why the topic could not be read; empty where it could.
    """

    webhook_id: str
    version: int
    account_id: str
    cache: str
    topic: str
    url: str
    secrets: Sequence[tuple[str, float]]
    concurrency: int
    per_second: int
    position: Position
    failing_since: int | None = None
    unreadable: str = ""


class Courier:
    """Runs until it is cancelled, or somebody else does its work."""

    def __init__(
        self,
        assignment: Assignment,
        topics: Topics,
        sender: Sending,
        book: Book,
        tally: Tally,
        shared: Pace,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.assignment = assignment
        self.position = assignment.position
        self.failing_since = assignment.failing_since
        self._topics = topics
        self._sender = sender
        self._book = book
        self._tally = tally
        self._shared = shared
        self._now = now
        self._pace = Pace(assignment.per_second)
        self._unsaved: list[Settled] = []
        self._reached = self.position
        self._reading: Reading | None = None
        self._unreadable = self._logged = assignment.unreadable  # as it is noted, and as the log was told

    def __repr__(self) -> str:
        state = "delivering" if self.failing_since is None else "failing"
        return f"<Courier {self.assignment.webhook_id} {state}, {self.position.page}:{self.position.number}>"

    @property
    def backlog(self) -> int:
        """How many items wait for the receiver, as far as is known."""
        if self._reading is None:
            return 0
        page, number = self._reading.newest()
        return number - (self._reached.number if self._reached.page == page else 0)

    async def run(self) -> None:
        """Deliver.

        Raises:
            LeaseLost: somebody else does.
        """
        bind(account=self.assignment.account_id, cache=self.assignment.cache)
        while True:
            try:
                await self._follow()
            except StreamMoved:  # there is more to read elsewhere
                await asyncio.sleep(REREAD_SECONDS)
            except TidingsError as reason:
                await self._cannot_read(reason)
                await asyncio.sleep(REREAD_SECONDS)

    async def send(self, id: str, told: Event) -> Outcome:
        """Send an event once, no sooner than the rates of the webhook and of the process allow."""
        assignment = self.assignment
        await self._pace.wait()
        await self._shared.wait()
        now = self._now()
        secrets = [secret for secret, until in assignment.secrets if now < until]
        headers, body = request(id, told, secrets, int(now * 1000))
        outcome = await self._sender.send(assignment.url, headers, body)
        self._tally.tried(outcome)
        return outcome

    async def _follow(self) -> None:
        """Read on from the position until a gap shows that the reader fell behind; what it missed may be retained."""
        assignment = self.assignment
        self._unsaved.clear()
        self._reached = self.position
        reading = await self._topics.read(assignment.account_id, assignment.cache, assignment.topic, self.position)
        self._reading = reading
        await self._can_read()
        try:
            is_first = True
            while True:
                told = await reading.next()
                if not is_first and any(isinstance(each, Gap) for each in told):
                    return
                is_first = False
                await self._deliver(told)
                reading.taken()
        finally:
            self._reading = None
            reading.close()

    async def _cannot_read(self, reason: TidingsError) -> None:
        """Note for people why nothing is sent; it is none of the receiver's failures."""
        if reason.message == self._unreadable:
            return
        if reason.message != self._logged:
            self._logged = reason.message
            _log.warning("webhook '%s' waits: %s", self.assignment.webhook_id, reason.message)
        now = int(self._now())
        with suppress(TidingsError):  # then it is noted after the next try
            await self._book.failing(Failing(now, 0, 0, reason.message, now))
            self._unreadable = reason.message

    async def _can_read(self) -> None:
        self._logged = ""
        if self._unreadable:
            await self._book.failing(None)
            self._unreadable = ""

    async def _deliver(self, told: Sequence[Item | Gap]) -> None:
        saved_at = self._now()
        at_once = self.assignment.concurrency
        for start in range(0, len(told), at_once):
            some = told[start : start + at_once]
            self._unsaved += await self._together(some)
            self._reached = some[-1].after
            if self._now() - saved_at >= SAVE_SECONDS:
                await self._save()
                saved_at = self._now()
        await self._save()

    async def _together(self, some: Sequence[Item | Gap]) -> list[Settled]:
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(self._settle(each)) for each in some]
        except ExceptionGroup as several:
            raise several.exceptions[0] from several
        return [task.result() for task in tasks]

    async def _save(self) -> None:
        if self._unsaved:
            await self._book.settle(self._reached, self._unsaved)
            self._unsaved = []
            self.position = self._reached

    async def _settle(self, told: Item | Gap) -> Settled:
        """Send an event until it is taken, or given up."""
        kind = "item" if isinstance(told, Item) else "gap"
        number = told.number if isinstance(told, Item) else told.new
        id = event_id(self.assignment.webhook_id, kind, told.page, number)
        facts = event(self.assignment.cache, self.assignment.topic, told, int((self._now() - _waited(told)) * 1000))
        tries = 0
        while True:
            outcome = await self.send(id, facts)
            tries += 1
            if outcome.delivered or await self._gives_up(outcome, tries):
                letter = None if outcome.delivered else facts
                await self._mended(outcome)
                self._tally.settled(is_dead=letter is not None)
                return Settled(kind, told.page, number, tries, outcome.status, outcome.reason, letter, int(self._now()))

    async def _gives_up(self, outcome: Outcome, tries: int) -> bool:
        """Return whether an event is given up; wait before the next try where it is not."""
        now = self._now()
        if self.failing_since is None:
            self.failing_since = int(now)
        if gives_up(outcome, tries, now - self.failing_since) and await self._book.has_room():
            return True
        seconds = wait_seconds(tries, random.random())  # noqa: S311 - spreads retries
        failing = Failing(self.failing_since, tries, outcome.status, outcome.reason, int(now + seconds))
        await self._book.failing(failing)
        await asyncio.sleep(seconds)
        return False

    async def _mended(self, outcome: Outcome) -> None:
        if outcome.delivered and self.failing_since is not None:
            self.failing_since = None
            await self._book.failing(None)


def _waited(told: Item | Gap) -> float:
    """Return how many seconds ago an item came: it may have waited for the receiver."""
    return asyncio.get_running_loop().time() - told.came_at if isinstance(told, Item) else 0.0
