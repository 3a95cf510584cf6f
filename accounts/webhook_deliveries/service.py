"""What became of the events of a webhook, for its account to see; dead letters, to be sent once more or discarded."""

from collections.abc import Mapping, Sequence

from accounts import audit
from accounts.audit import Actor
from accounts.database import Database
from accounts.encryption import MasterKeys
from accounts.paging import Page, PageRequest
from accounts.webhook_deliveries import repository
from accounts.webhook_deliveries.events import Event
from accounts.webhook_deliveries.letters import Letters
from accounts.webhook_deliveries.models import WebhookEvent
from accounts.webhooks.service import Webhooks
from api.errors import NotFound

DEAD = ("dead", "replaying")
ALL = ("delivered", *DEAD)


class Deliveries:
    """The events of webhooks."""

    def __init__(self, database: Database, master_keys: MasterKeys, webhooks: Webhooks) -> None:
        self._database = database
        self._letters = Letters(master_keys)
        self._webhooks = webhooks

    async def page(
        self, account_id: str, webhook_id: str, asked: PageRequest, states: Sequence[str] = ALL
    ) -> Page[WebhookEvent]:
        """Return events of a webhook, the newest first.

        Raises:
            NotFound: the account has no such webhook.
        """
        await self._webhooks.read(account_id, webhook_id)
        async with self._database.reading() as session:
            found = await repository.page(session, webhook_id, states, asked)
        return asked.page(found, lambda each: (each.page, each.number, each.id))

    async def dead_letters(self, webhook_ids: Sequence[str]) -> Mapping[str, int]:
        """Return how many dead letters there are, by webhook; without those that have none."""
        async with self._database.reading() as session:
            return await repository.dead_letters(session, webhook_ids)

    def event(self, row: WebhookEvent) -> Event | None:
        """Return what a dead letter says; None where its master key is gone."""
        return self._letters.open(row.letter, row.id)

    async def replay(self, account_id: str, actor: Actor, webhook_id: str, event_id: str | None = None) -> int:
        """Have a dead letter sent once more, or all of them; return how many.

        Raises:
            NotFound: the account has no such webhook, or that no such dead letter.
        """
        await self._webhooks.read(account_id, webhook_id)
        async with self._database.transaction() as session:
            if event_id is not None and await repository.get(session, webhook_id, event_id) is None:
                raise NotFound(f"dead letter '{event_id}' does not exist")
            count = await repository.replay(session, webhook_id, event_id)
            after = {"dead_letters": event_id or count}
            audit.record(session, actor, account_id, "dead_letters.replayed", webhook_id, after=after)
        return count

    async def discard(self, account_id: str, actor: Actor, webhook_id: str, event_id: str) -> None:
        """Forget a dead letter.

        Raises:
            NotFound: the account has no such webhook, or that no such dead letter.
        """
        await self._webhooks.read(account_id, webhook_id)
        async with self._database.transaction() as session:
            row = await repository.get(session, webhook_id, event_id)
            if row is None:
                raise NotFound(f"dead letter '{event_id}' does not exist")
            await repository.remove(session, row)
            before = {"page": row.page, "number": row.number}
            audit.record(session, actor, account_id, "dead_letters.discarded", webhook_id, before=before)
