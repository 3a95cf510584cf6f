"""Sends what is to be told, again and again until somebody takes it or a day and a half have passed."""

import asyncio
import logging
import random

from accounts.billing_webhooks import repository
from accounts.billing_webhooks.models import WebhookDelivery
from accounts.clocks.service import Clocks
from accounts.database import Database, Remembered
from accounts.encryption import CannotDecrypt, MasterKeys
from api.errors import Unavailable
from api.tasks import Repeated, end
from api.webhooks import Outcome, Sending, headers

LOOK_SECONDS = 0.5
TOGETHER = 40
TOGETHER_EACH = 4
"""Of one account: one that answers none delays nobody but itself."""

LEASE_SECONDS = 60
"""How long after the death of a service that sends something another one may send it."""

RETRY_SECONDS = (5, 60, 300, 1800, 7200, 18_000, 36_000, 57_600)
"""After each try that failed, up to a tenth longer; when there is none left the event is given up."""

PATIENCE_SECONDS = 2.0
"""How long what is being sent may end by itself when the service does."""

KEPT_SECONDS = 30 * 86400
"""How long an endpoint's deliveries are shown."""

_log = logging.getLogger(__name__)


class Delivering:
    """Delivers webhooks. Several services may do so at the same time; each event is one service's at a time."""

    def __init__(self, database: Database, master_keys: MasterKeys, clocks: Clocks, sender: Sending) -> None:
        self._database = database
        self._master_keys = master_keys
        self._clocks = clocks
        self._sender = sender
        self._next_at = Remembered(database, repository.NEXT_DUE)
        self._repeated = Repeated(self._look)
        self._sending: dict[asyncio.Task[None], str] = {}

    async def start(self) -> None:
        """Begin to deliver."""
        self._repeated.start()

    async def close(self) -> None:
        """Stop. What is not delivered yet is kept."""
        await self._repeated.close()
        if self._sending:
            await asyncio.wait(self._sending, timeout=PATIENCE_SECONDS)
        await end(*self._sending)
        await self._sender.close()

    async def deliver(self) -> int:
        """Begin to deliver what is due and has room beside what is being sent; return how many events that are.

        An account is given no more while something is being sent for it.
        """
        now, room = self._clocks.everywhere(), TOGETHER - len(self._sending)
        if room <= 0:
            return 0
        next_at = await self._next_at.get()
        if next_at is None or next_at > now:
            return 0
        async with self._database.transaction() as session:
            busy = set(self._sending.values())
            due = await repository.take(session, now, now + LEASE_SECONDS, room, TOGETHER_EACH, busy)
        for account_id, each in due:
            task = asyncio.create_task(self._deliver(each))
            self._sending[task] = account_id
            task.add_done_callback(self._sent)
        return len(due)

    async def tidy(self) -> str:
        """Forget what was delivered or given up long ago, and the endpoints of accounts that are gone."""
        async with self._database.transaction() as session:
            await repository.remove_of_nobody(session)
            await repository.remove_old(session, self._clocks.everywhere() - KEPT_SECONDS)
        return "done"

    async def _look(self) -> float:
        try:
            await self.deliver()
        except Unavailable:  # the database has told the log
            pass
        except Exception:  # noqa: BLE001 - events that come later must go
            _log.exception("webhooks could not be delivered")
        return LOOK_SECONDS

    def _sent(self, task: asyncio.Task[None]) -> None:
        self._sending.pop(task)
        self._repeated.wake()

    async def _deliver(self, delivery: WebhookDelivery) -> None:
        try:
            await self._try(delivery)
        except Unavailable:  # the database has told the log; the event is sent again when its lease is over
            pass
        except Exception:  # noqa: BLE001 - others are to be sent whatever happens to this one
            _log.exception("event '%s' could not be delivered", delivery.id)

    async def _try(self, delivery: WebhookDelivery) -> None:
        outcome = await self._send(delivery)
        last = delivery.tries >= len(RETRY_SECONDS)
        state = "delivered" if outcome.delivered else "failed" if last else "waiting"
        wait = 0 if state != "waiting" else RETRY_SECONDS[delivery.tries]
        next_at = self._clocks.everywhere() + round(wait * random.uniform(1, 1.1))  # noqa: S311 - spreads retries
        async with self._database.transaction() as session:
            await repository.settle(
                session, delivery.id, state=state, next_at=next_at, status=outcome.status, reason=outcome.reason
            )

    async def _send(self, delivery: WebhookDelivery) -> Outcome:
        async with self._database.reading() as session:
            endpoint = await repository.endpoint(session, delivery.endpoint_id)
        if endpoint is None:
            return Outcome(delivered=False, reason="the endpoint was removed")
        try:
            secret = self._master_keys.decrypt(endpoint.secret, endpoint.id).decode()
        except CannotDecrypt as reason:
            _log.error("the secret of webhook endpoint '%s' cannot be read: %s", endpoint.id, reason)
            return Outcome(delivered=False, reason="its secret cannot be read; remove the endpoint and add it anew")
        body = delivery.body.encode()
        signed = headers([secret], delivery.id, self._clocks.everywhere(), body)
        return await self._sender.send(endpoint.url, signed, body)
