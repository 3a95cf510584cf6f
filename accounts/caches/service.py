"""What can be done with caches. Each change is seen by every router before it is answered."""

from collections.abc import Callable, Sequence

from accounts import audit
from accounts.audit import Actor
from accounts.caches import repository
from accounts.caches.models import Cache
from accounts.database import Database, Transaction
from accounts.identifiers import new_id
from accounts.paging import Page, PageRequest
from accounts.snapshots import Snapshots
from accounts.tenants import repository as tenants
from accounts.tenants.service import limits_of
from api.errors import AlreadyExists, InvalidArgument, NotFound, TooManyCaches

Accept = Callable[[Cache], None]
"""Raises where a cache is not in the state in which it is to be changed."""


def anything(_: Cache) -> None:
    """Accept a cache in any state."""


class Caches:
    """The caches of accounts. Names have been checked by `api.names.checked_cache_name`."""

    def __init__(self, database: Database, snapshots: Snapshots, *, offers_durable: bool) -> None:
        """With `offers_durable`, storage nodes can keep the items of a cache's topics in a store."""
        self._database = database
        self._snapshots = snapshots
        self._offers_durable = offers_durable

    async def create(self, account_id: str, actor: Actor, name: str, *, durable: bool = False) -> Cache:
        """Create a cache.

        Raises:
            AlreadyExists: the account has one of this name.
            TooManyCaches: the account has as many as it may have.
            InvalidArgument: it is to be durable, and this installation has no store for that.
        """
        self._require_store(durable=durable)
        async with self._database.transaction() as session:
            most = (await limits_of(session, account_id)).caches
            if await repository.exists(session, account_id, name):
                raise AlreadyExists(f"cache '{name}' is there already")
            if (have := await repository.count(session, account_id)) >= most:
                raise TooManyCaches(f"the account has {have} of at most {most} caches")
            cache = Cache(id=new_id("cache"), account_id=account_id, name=name, durable=durable)
            await repository.add(session, cache)
            audit.record(session, actor, account_id, "cache.created", name, after=_audited(cache))
            await tenants.touch(session, account_id)
        await self._snapshots.publish(account_id)
        return cache

    async def make_durable(
        self, account_id: str, actor: Actor, name: str, *, durable: bool, accept: Accept = anything
    ) -> Cache:
        """Have the items of a cache's topics outlive their storage node from now on, or no longer.

        Topics begin anew with the change: on a new page, of which their subscribers are told. Nothing is changed
        where `accept` raises at the sight of the cache.

        Raises:
            NotFound: there is none of this name.
            InvalidArgument: this installation has no store for it.
        """
        self._require_store(durable=durable)
        async with self._database.transaction() as session:
            cache = await _existing(session, account_id, name)
            accept(cache)
            before, cache.durable = _audited(cache), durable
            audit.record(session, actor, account_id, "cache.changed", name, before=before, after=_audited(cache))
            await tenants.touch(session, account_id)
        await self._snapshots.publish(account_id)
        return cache

    def _require_store(self, *, durable: bool) -> None:
        if durable and not self._offers_durable:
            raise InvalidArgument(
                "durable caches need Redis, which an installation on one process does not have: run the tiers apart"
            )

    async def delete(self, account_id: str, actor: Actor, name: str, accept: Accept = anything) -> None:
        """Delete a cache with all its topics; its subscriptions end. See `make_durable` for `accept`.

        Raises:
            NotFound: there is none of this name.
        """
        async with self._database.transaction() as session:
            cache = await _existing(session, account_id, name)
            accept(cache)
            await repository.remove(session, cache)
            audit.record(session, actor, account_id, "cache.deleted", name, before=_audited(cache))
            await tenants.touch(session, account_id)
        await self._snapshots.publish(account_id)

    async def flush(self, account_id: str, name: str) -> None:
        """Empty a cache of its items. There are none here; topics are not items, and stay as they are.

        Raises:
            NotFound: there is none of this name.
        """
        async with self._database.reading() as session:
            if not await repository.exists(session, account_id, name):
                raise NotFound(f"cache '{name}' does not exist")

    async def page(self, account_id: str, asked: PageRequest) -> Page[Cache]:
        """Return a page of the account's caches in the order of their names."""
        async with self._database.reading() as session:
            return asked.page(await repository.page(session, account_id, asked), lambda cache: (cache.name,))

    async def list(self, account_id: str) -> Sequence[Cache]:
        """Return the account's caches in the order of their names."""
        async with self._database.reading() as session:
            return await repository.of_account(session, account_id)


async def _existing(session: Transaction, account_id: str, name: str) -> Cache:
    cache = await repository.get_alone(session, account_id, name)
    if cache is None:
        raise NotFound(f"cache '{name}' does not exist")
    return cache


def _audited(cache: Cache) -> dict[str, object]:
    return {"id": cache.id, "durable": cache.durable}
