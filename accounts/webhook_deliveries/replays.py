"""Sends dead letters once more that somebody asked for; beside what comes, and so in no order with it."""

import time
from collections.abc import Mapping

from accounts.database import Database
from accounts.webhook_deliveries import repository
from accounts.webhook_deliveries.courier import Courier
from accounts.webhook_deliveries.events import event_id
from accounts.webhook_deliveries.letters import Letters
from accounts.webhook_deliveries.models import WebhookEvent
from api.webhooks import Outcome

TOGETHER = 20


class Replays:
    """Those of the webhooks that one process holds."""

    def __init__(self, database: Database, letters: Letters, holder: str) -> None:
        self._database = database
        self._letters = letters
        self._holder = holder

    async def run(self, couriers: Mapping[str, Courier]) -> None:
        """Send what waits; it is delivered then, or dead again.

        Each letter is sent at least once: again where a process ends, or the database goes away, before that is noted.
        """
        if not couriers:
            return
        async with self._database.reading() as session:
            waiting = await repository.replaying(session, self._holder, TOGETHER)
        for row in waiting:
            courier = couriers.get(row.webhook_id)
            if courier is not None:
                await self._replay(row, await self._send(row, courier))

    async def _send(self, row: WebhookEvent, courier: Courier) -> Outcome:
        letter = self._letters.open(row.letter, row.id)
        if letter is None:
            return Outcome(delivered=False, reason="the letter cannot be read: its master key is gone")
        return await courier.send(event_id(row.webhook_id, row.kind, row.page, row.number), letter)

    async def _replay(self, row: WebhookEvent, outcome: Outcome) -> None:
        values: dict[str, str | int | None] = {
            "state": "delivered" if outcome.delivered else "dead",
            "status": outcome.status,
            "reason": outcome.reason[:255],
            "settled_at": int(time.time()),
        }
        if outcome.delivered:
            values["letter"] = None
        async with self._database.transaction() as session:
            await repository.replayed(session, row.id, **values)
