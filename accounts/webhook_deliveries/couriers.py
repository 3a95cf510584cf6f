"""Who delivers for which webhook: each process holds some by leases in the database, and has a courier for each.

A process that dies keeps its leases until they end; then another one goes on where the notes end.
"""

import asyncio
import logging
import time
from collections.abc import Mapping
from functools import partial

from accounts.database import Database, Remembered, Transaction
from accounts.encryption import CannotDecrypt, MasterKeys
from accounts.identifiers import new_id
from accounts.webhook_deliveries import repository
from accounts.webhook_deliveries.book import LeaseLost
from accounts.webhook_deliveries.courier import Assignment, Courier
from accounts.webhook_deliveries.database_book import DatabaseBook, Held
from accounts.webhook_deliveries.letters import Letters
from accounts.webhook_deliveries.pace import Pace
from accounts.webhook_deliveries.replays import Replays
from accounts.webhook_deliveries.tally import Tally
from accounts.webhook_deliveries.topics import Position, Topics
from accounts.webhooks.models import Webhook
from accounts.webhooks.secrets import Secrets
from api.errors import Unavailable
from api.tasks import Repeated, end
from api.webhooks import Sending

LOOK_SECONDS = 1.0
LEASE_SECONDS = 10
RENEW_SECONDS = 6
"""A lease that ends within this time is renewed."""

MOST_AT_ONCE = 20
"""So many webhooks that nobody holds are taken at a look, so that several processes get some each."""

MOST_PER_SECOND = 500
"""Requests of this process for all webhooks: each takes 1.3 ms of its CPU, and it has other things to do."""

_log = logging.getLogger(__name__)


class Couriers:
    """The couriers of this process.

    Attributes:
        tally: What they have delivered.
    """

    def __init__(self, database: Database, master_keys: MasterKeys, topics: Topics, sender: Sending) -> None:
        self.tally = Tally()
        self._database = database
        self._secrets = Secrets(master_keys)
        self._letters = Letters(master_keys)
        self._topics = topics
        self._sender = sender
        self._holder = new_id("courier")
        self._running: dict[str, tuple[Courier, asyncio.Task[None]]] = {}
        self._held_until = 0.0
        self._locked: set[str] = set()
        self._is_any = Remembered(database, repository.IS_ANY)
        self._pace = Pace(MOST_PER_SECOND)
        self._replays = Replays(database, self._letters, self._holder)
        self._repeated = [Repeated(self._look), Repeated(self._replay)]

    def __repr__(self) -> str:
        return f"<Couriers {self._holder}, {len(self._running)} webhooks>"

    @property
    def webhooks(self) -> int:
        """How many webhooks this process delivers for."""
        return len(self._running)

    @property
    def backlog(self) -> int:
        """How many items wait for their receivers."""
        return sum(courier.backlog for courier, _ in self._running.values())

    @property
    def failing(self) -> int:
        """How many of them have a receiver that does not take what it is sent."""
        return sum(courier.failing_since is not None for courier, _ in self._running.values())

    async def start(self) -> None:
        """Begin to deliver."""
        for repeated in self._repeated:
            repeated.start()

    async def close(self) -> None:
        """Stop, and let others go on at once."""
        for repeated in self._repeated:
            await repeated.close()
        had_some = bool(self._running)
        await self._end(list(self._running))
        await self._sender.close()
        if had_some:
            try:
                async with self._database.transaction() as session:
                    await repository.let_go(session, self._holder)
            except Unavailable:  # the leases end by themselves
                pass

    async def look(self) -> None:
        """Hold what is to be held, and see to it that each has its courier."""
        if not self._running and not await self._is_any.get():
            return
        now = int(time.time())
        async with self._database.reading() as session:
            is_due = await repository.is_any_to_hold(session, self._holder, now, now + RENEW_SECONDS)
        if is_due:
            began = asyncio.get_running_loop().time()
            async with self._database.transaction() as session:
                await repository.hold(session, self._holder, now, now + LEASE_SECONDS, MOST_AT_ONCE)
            self._held_until = began + LEASE_SECONDS
        if is_due or self._running:
            async with self._database.reading() as session:
                held = await self._held(session, now)
            await self._have(held)

    async def _look(self) -> float:
        if self._running and asyncio.get_running_loop().time() >= self._held_until:
            _log.warning("the leases of webhooks have ended; others may deliver now")
            await self._end(list(self._running))
        try:
            await self.look()
        except Unavailable:  # the database has told the log
            pass
        except Exception:  # noqa: BLE001 - what comes later must go
            _log.exception("webhooks could not be looked after")
        return LOOK_SECONDS

    async def _replay(self) -> float:
        try:
            await self._replays.run({id: courier for id, (courier, _) in self._running.items()})
        except Unavailable:  # the database has told the log
            pass
        except Exception:  # noqa: BLE001 - see `_look`
            _log.exception("dead letters could not be sent once more")
        return LOOK_SECONDS

    async def _held(self, session: Transaction, now: int) -> Mapping[str, Assignment]:
        found: dict[str, Assignment] = {}
        for row, cache in await repository.held(session, self._holder, now):
            try:
                found[row.id] = self._assignment(row, cache)
            except CannotDecrypt as reason:
                if row.id not in self._locked:
                    _log.error("the secret of webhook '%s' cannot be read: %s", row.id, reason)
                self._locked.add(row.id)
        return found

    async def _have(self, held: Mapping[str, Assignment]) -> None:
        over = [
            id
            for id, (courier, task) in self._running.items()
            if task.done() or id not in held or held[id].version != courier.assignment.version
        ]
        await self._end(over)
        for id in held.keys() - self._running.keys():
            assignment = held[id]
            book = DatabaseBook(self._database, self._letters, Held(id, self._holder, assignment.version))
            courier = Courier(assignment, self._topics, self._sender, book, self.tally, self._pace)
            task = asyncio.create_task(courier.run())
            task.add_done_callback(partial(_ended, id))
            self._running[id] = (courier, task)

    async def _end(self, ids: list[str]) -> None:
        await end(*[self._running.pop(id)[1] for id in ids])

    def _assignment(self, row: Webhook, cache: str) -> Assignment:
        return Assignment(
            webhook_id=row.id,
            version=row.version,
            account_id=row.account_id,
            cache=cache,
            topic=row.topic,
            url=row.url,
            secrets=self._secrets.signing(row),
            concurrency=row.concurrency,
            per_second=row.per_second,
            position=Position(row.page, row.number),
            failing_since=row.failing_since if row.tries else None,
            unreadable="" if row.tries or row.failing_since is None else row.reason,
        )


def _ended(id: str, task: "asyncio.Task[None]") -> None:
    if not task.cancelled() and (error := task.exception()) is not None and not isinstance(error, LeaseLost):
        _log.error("the courier of webhook '%s' has failed and begins anew", id, exc_info=error)
