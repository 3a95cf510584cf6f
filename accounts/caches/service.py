"""What can be done with caches. Each change is seen by every router before it is answered."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict

from accounts import audit
from accounts.accepting import Accept, anything
from accounts.audit import Actor
from accounts.caches import repository
from accounts.caches.models import Cache
from accounts.database import Database
from accounts.identifiers import new_id
from accounts.limits.used import note_count
from accounts.paging import Page, PageRequest
from accounts.purges import repository as purges
from accounts.snapshots import Snapshots
from accounts.tenants import repository as tenants
from accounts.tenants.service import limits_of
from api.account import MOST_HISTORY, History
from api.errors import AlreadyExists, InvalidArgument, NotFound, TooManyCaches

Changes = Mapping[str, bool | int | str | None]
"""What is to be changed of a cache: columns of `accounts.caches.models.Cache`, and what they are to hold."""


class Caches:
    """The caches of accounts. Names have been checked by `api.names.checked_cache_name`."""

    def __init__(
        self, database: Database, snapshots: Snapshots, *, offers_durable: bool, history: History = MOST_HISTORY
    ) -> None:
        """Take what the storage nodes offer.

        Args:
            database: Where caches are kept.
            snapshots: Tells routers and storage nodes of them.
            offers_durable: Storage nodes can keep the items of a cache's topics in a store.
            history: What storage nodes keep of each topic at most.
        """
        self._database = database
        self._snapshots = snapshots
        self._offers_durable = offers_durable
        self._history = history

    async def create(self, account_id: str, actor: Actor, name: str, changes: Changes | None = None) -> Cache:
        """Create a cache.

        Raises:
            AlreadyExists: the account has one of this name.
            TooManyCaches: the account has as many as it may have.
            InvalidArgument: the installation cannot do what is asked for.
        """
        changes = changes or {}
        self._check(changes)
        async with self._database.transaction() as session:
            most = (await limits_of(session, account_id)).caches
            if await repository.exists(session, account_id, name):
                raise AlreadyExists(f"cache '{name}' is there already")
            if (have := await repository.count(session, account_id)) >= most:
                raise TooManyCaches(f"caches: {have} of {most} in account '{account_id}'; delete one")
            cache = Cache(id=new_id("cache"), account_id=account_id, name=name, **changes)
            await repository.add(session, cache)
            await note_count(session, account_id, "caches", have + 1, int(time.time()))
            audit.record(session, actor, account_id, "cache.created", name, after=_audited(cache))
            await tenants.touch(session, account_id)
        await self._snapshots.publish(account_id)
        return cache

    async def change(
        self, account_id: str, actor: Actor, name: str, changes: Changes, accept: Accept[Cache] = anything
    ) -> Cache:
        """Change a cache; routers and storage nodes go by it before this returns.

        When `durable` changes, its topics begin anew: on a new page, of which their subscribers are told. Nothing is
        changed where `accept` raises at the sight of the cache.

        Raises:
            NotFound: there is none of this name.
            InvalidArgument: the installation cannot do what is asked for.
        """
        self._check(changes)
        async with self._database.transaction() as session:
            cache = _found(await repository.get_alone(session, account_id, name), name)
            accept(cache)
            before = _audited(cache)
            for column, value in changes.items():
                setattr(cache, column, value)
            audit.record(session, actor, account_id, "cache.changed", name, before=before, after=_audited(cache))
            await tenants.touch(session, account_id)
        await self._snapshots.publish(account_id)
        return cache

    def _check(self, changes: Changes) -> None:
        if changes.get("durable") and not self._offers_durable:
            raise InvalidArgument(
                "durable caches need Redis, which an installation on one process does not have: run the tiers apart"
            )
        for name in ("items", "bytes", "seconds"):
            most, asked = getattr(self._history, name), changes.get(f"history_{name}")
            if isinstance(asked, int) and asked > most:
                raise InvalidArgument(f"history.{name} is {most} at most in this installation, not {asked}")

    async def describe(self, account_id: str, name: str) -> Cache:
        """Return a cache.

        Raises:
            NotFound: there is none of this name.
        """
        async with self._database.reading() as session:
            return _found(await repository.get(session, account_id, name), name)

    async def delete(self, account_id: str, actor: Actor, name: str, accept: Accept[Cache] = anything) -> None:
        """Delete a cache with all its topics; its subscriptions end. See `change` for `accept`.

        Raises:
            NotFound: there is none of this name.
        """
        async with self._database.transaction() as session:
            cache = _found(await repository.get_alone(session, account_id, name), name)
            accept(cache)
            await note_count(
                session, account_id, "caches", await repository.count(session, account_id), int(time.time())
            )
            await repository.remove(session, cache)
            await purges.add(session, account_id, [cache.id], int(time.time()))
            audit.record(session, actor, account_id, "cache.deleted", name, before=_audited(cache))
            await tenants.touch(session, account_id)
        await self._snapshots.publish(account_id)

    async def flush(self, account_id: str, name: str) -> None:
        """Empty a cache of its items. There are none here; topics are not items, and stay as they are.

        Raises:
            NotFound: there is none of this name.
        """
        await self.describe(account_id, name)

    async def page(self, account_id: str, asked: PageRequest) -> Page[Cache]:
        """Return a page of the account's caches in the order of their names."""
        async with self._database.reading() as session:
            return asked.page(await repository.page(session, account_id, asked), lambda cache: (cache.name,))

    async def list(self, account_id: str) -> Sequence[Cache]:
        """Return the account's caches in the order of their names."""
        async with self._database.reading() as session:
            return await repository.of_account(session, account_id)


def _found(cache: Cache | None, name: str) -> Cache:
    if cache is None:
        raise NotFound(f"cache '{name}' does not exist")
    return cache


def _audited(cache: Cache) -> dict[str, object]:
    bounds = {f"history_{name}": value for name, value in asdict(cache.history).items()}
    said = {name: value for name, value in (asdict(cache.limits) | bounds).items() if value is not None}
    return {"id": cache.id, "durable": cache.durable, "slow_reader_policy": cache.policy, **said}
