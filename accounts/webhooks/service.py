"""Webhooks of topics: made, changed and deleted by accounts. What is delivered is in `accounts.webhook_deliveries`."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from accounts import audit
from accounts.audit import Actor
from accounts.caches import repository as caches
from accounts.caches.models import Cache
from accounts.database import Database, Transaction
from accounts.encryption import MasterKeys
from accounts.identifiers import new_id
from accounts.paging import Page, PageRequest
from accounts.tenants import repository as tenants
from accounts.webhook_deliveries.topics import Topics
from accounts.webhooks import repository
from accounts.webhooks.models import Webhook
from accounts.webhooks.secrets import OVERLAP_SECONDS, Secrets
from api.errors import AlreadyExists, NotFound, TooManyWebhooks
from api.webhooks import checked_url

MOST_WEBHOOKS = 100
"""Of one account."""

LARGEST_CONCURRENCY = 10
LARGEST_RATE = 1000


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody wants of a webhook; None where it is to stay as it is, or is new and has the default.

    Attributes:
        concurrency: So many requests at a time; with more than one, items may arrive in another order.
        per_second: So many requests a second.
    """

    topic: str
    url: str
    concurrency: int | None = None
    per_second: int | None = None


class Webhooks:
    """The webhooks of accounts. Names have been checked."""

    def __init__(self, database: Database, master_keys: MasterKeys, topics: Topics, *, allow_private: bool) -> None:
        """With `allow_private`, receivers may be in this installation's own network, and without TLS."""
        self._database = database
        self._secrets = Secrets(master_keys)
        self._topics = topics
        self._allow_private = allow_private

    async def make(self, account_id: str, actor: Actor, names: tuple[str, str], wanted: Wanted) -> tuple[Webhook, str]:
        """Make a webhook, which gets what is published from now on; return it and its secret.

        `names` are of the cache and of the webhook. See `put` for more errors.

        Raises:
            AlreadyExists: there is one of this name.
        """
        return await self._put(account_id, actor, names, wanted, is_new=True)

    async def put(self, account_id: str, actor: Actor, names: tuple[str, str], wanted: Wanted) -> tuple[Webhook, str]:
        """Make a webhook, or change the one of this name, which keeps its secret and, on the same topic, its place.

        Raises:
            InvalidArgument: the URL cannot be one.
            NotFound: there is no such cache.
            TooManyWebhooks: the account has as many as it may have.
            Unavailable: it cannot be found out where the topic stands.
        """
        return await self._put(account_id, actor, names, wanted, is_new=False)

    async def change(self, account_id: str, actor: Actor, webhook_id: str, wanted: Wanted) -> Webhook:
        """Change a webhook; see `put`.

        Raises:
            NotFound: the account has no such webhook.
        """
        row, cache = await self.read(account_id, webhook_id)
        changed, _ = await self.put(account_id, actor, (cache, row.name), wanted)
        return changed

    async def read(self, account_id: str, webhook_id: str) -> tuple[Webhook, str]:
        """Return a webhook and the name of its cache.

        Raises:
            NotFound: the account has no such webhook.
        """
        async with self._database.reading() as session:
            return await _existing(session, account_id, webhook_id)

    async def page(self, account_id: str, cache: str | None, asked: PageRequest) -> Page[tuple[Webhook, str]]:
        """Return webhooks of an account, or of one cache, by name, each with the name of its cache.

        Raises:
            NotFound: there is no such cache.
        """
        async with self._database.reading() as session:
            cache_id = None if cache is None else (await _cache(session, account_id, cache)).id
            found = await repository.page(session, account_id, cache_id, asked)
        return asked.page(found, lambda each: (each[0].name, each[0].id))

    async def of_cache(self, account_id: str, cache: str) -> Sequence[Webhook]:
        """Return all webhooks of a cache.

        Raises:
            NotFound: there is no such cache.
        """
        async with self._database.reading() as session:
            return await repository.of_cache(session, (await _cache(session, account_id, cache)).id)

    async def named(self, account_id: str, cache: str, name: str) -> Webhook:
        """Return the webhook of this name.

        Raises:
            NotFound: there is no such cache, or no such webhook in it.
        """
        async with self._database.reading() as session:
            row = await repository.by_name(session, (await _cache(session, account_id, cache)).id, name)
        if row is None:
            raise NotFound(f"webhook '{name}' does not exist in cache '{cache}'")
        return row

    async def delete(self, account_id: str, actor: Actor, webhook_id: str) -> None:
        """Delete a webhook with its dead letters; nothing more is sent.

        Raises:
            NotFound: the account has no such webhook.
        """
        async with self._database.transaction() as session:
            row, cache = await _existing(session, account_id, webhook_id)
            await repository.remove(session, row)
            audit.record(session, actor, account_id, "topic_webhook.deleted", row.id, before=_audited(row, cache))

    def secret(self, row: Webhook) -> str:
        """Return what a webhook's requests are signed with.

        Raises:
            CannotDecrypt: its master key is not here.
        """
        return self._secrets.of(row)

    async def rotate(
        self, account_id: str, actor: Actor, webhook_id: str, overlap_seconds: int = OVERLAP_SECONDS
    ) -> tuple[Webhook, str]:
        """Give a webhook another secret; return both. The one before signs too for so long.

        Raises:
            NotFound: the account has no such webhook.
        """
        until = int(time.time()) + overlap_seconds
        async with self._database.transaction() as session:
            row, _ = await _existing(session, account_id, webhook_id)
            secret = self._secrets.replace(row, until)
            row.version += 1
            after = {"old_secret_until": until}
            audit.record(session, actor, account_id, "topic_webhook.secret_rotated", row.id, after=after)
        return row, secret

    async def _put(
        self, account_id: str, actor: Actor, names: tuple[str, str], wanted: Wanted, *, is_new: bool
    ) -> tuple[Webhook, str]:
        cache, name = names
        checked_url(wanted.url, allow_private=self._allow_private)
        async with self._database.reading() as session:
            cache_id = (await _cache(session, account_id, cache)).id
            known = await repository.by_name(session, cache_id, name)
        if known is not None and is_new:
            raise AlreadyExists(f"webhook '{name}' is there already in cache '{cache}'")
        is_moved = known is None or known.topic != wanted.topic
        position = await self._topics.newest(account_id, cache, wanted.topic) if is_moved else None
        async with self._database.transaction() as session:
            await tenants.get_alone(session, account_id)
            row = await repository.by_name(session, cache_id, name)
            before = None if row is None else _audited(row, cache)
            if row is None:
                row = await self._begun(session, account_id, cache_id, name)
            row.topic, row.url = wanted.topic, wanted.url
            row.concurrency = wanted.concurrency or row.concurrency
            row.per_second = wanted.per_second or row.per_second
            row.version += 1
            row.failing_since, row.tries, row.next_try_at = None, 0, None
            if position is not None:
                row.page, row.number = position
            action = "topic_webhook.made" if before is None else "topic_webhook.changed"
            audit.record(session, actor, account_id, action, row.id, before=before, after=_audited(row, cache))
        return row, self._secrets.of(row)

    async def _begun(self, session: Transaction, account_id: str, cache_id: str, name: str) -> Webhook:
        if (have := await repository.count(session, account_id)) >= MOST_WEBHOOKS:
            raise TooManyWebhooks(f"webhooks: {have} of {MOST_WEBHOOKS} in account '{account_id}'; delete one")
        row = Webhook(
            id=new_id("hook"),
            account_id=account_id,
            cache_id=cache_id,
            name=name,
            concurrency=1,
            per_second=100,
            version=0,
            page=0,
            number=0,
        )
        self._secrets.begin(row)
        repository.add(session, row)
        return row


async def _cache(session: Transaction, account_id: str, name: str) -> Cache:
    cache = await caches.get(session, account_id, name)
    if cache is None:
        raise NotFound(f"cache '{name}' does not exist")
    return cache


async def _existing(session: Transaction, account_id: str, webhook_id: str) -> tuple[Webhook, str]:
    found = await repository.get(session, account_id, webhook_id)
    if found is None:
        raise NotFound(f"webhook '{webhook_id}' does not exist")
    return found


def _audited(row: Webhook, cache: str) -> dict[str, object]:
    return {
        "cache": cache,
        "name": row.name,
        "topic": row.topic,
        "url": row.url,
        "concurrency": row.concurrency,
        "per_second": row.per_second,
    }
