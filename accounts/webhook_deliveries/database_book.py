"""Notes on one webhook in the database. Each is made only while this process holds the webhook as it read it."""

from collections.abc import Sequence
from dataclasses import dataclass

from accounts.database import Database
from accounts.identifiers import new_id
from accounts.webhook_deliveries import repository
from accounts.webhook_deliveries.book import Failing, LeaseLost, Settled
from accounts.webhook_deliveries.letters import Letters
from accounts.webhook_deliveries.models import WebhookEvent
from accounts.webhook_deliveries.topics import Position

MOST_DEAD_LETTERS = 1000
"""Of one webhook. Where there are so many, what comes next waits, and nothing is lost."""

KEPT_DELIVERED = 100
"""So many delivered events of a webhook are listed."""


@dataclass(frozen=True, slots=True)
class Held:
    """A webhook as a process holds it."""

    webhook_id: str
    holder: str
    version: int

    @property
    def key(self) -> tuple[str, str, int]:
        """Its columns."""
        return self.webhook_id, self.holder, self.version


class DatabaseBook:
    """Implements `accounts.webhook_deliveries.book.Book`."""

    def __init__(self, database: Database, letters: Letters, held: Held) -> None:
        self._database = database
        self._letters = letters
        self._held = held

    async def settle(self, position: Position, settled: Sequence[Settled]) -> None:
        delivered = [each for each in settled if each.letter is None]
        dead = [each for each in settled if each.letter is not None]
        rows = [self._row(each) for each in (*dead, *delivered[-KEPT_DELIVERED:])]
        async with self._database.transaction() as session:
            if not await repository.note(session, self._held.key, page=position.page, number=position.number):
                raise LeaseLost
            await repository.add(session, rows)
            await repository.forget_delivered(session, self._held.webhook_id, KEPT_DELIVERED)

    async def failing(self, failing: Failing | None) -> None:
        values = {"failing_since": None, "next_try_at": None, "tries": 0, "status": 0, "reason": ""}
        if failing is not None:
            values = {
                "failing_since": failing.since,
                "next_try_at": failing.next_try_at,
                "tries": failing.tries,
                "status": failing.status,
                "reason": failing.reason[:255],
            }
        async with self._database.transaction() as session:
            if not await repository.note(session, self._held.key, **values):
                raise LeaseLost

    async def has_room(self) -> bool:
        async with self._database.reading() as session:
            have = await repository.count(session, self._held.webhook_id, "dead", "replaying")
        return have < MOST_DEAD_LETTERS

    def _row(self, each: Settled) -> WebhookEvent:
        id = new_id("event")
        return WebhookEvent(
            id=id,
            webhook_id=self._held.webhook_id,
            kind=each.kind,
            page=each.page,
            number=each.number,
            state="delivered" if each.letter is None else "dead",
            tries=each.tries,
            status=each.status,
            reason=each.reason[:255],
            letter=None if each.letter is None else self._letters.seal(each.letter, id),
            settled_at=each.settled_at,
        )
