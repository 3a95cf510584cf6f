"""An account as one router lives with it: the newest snapshot, the budget of this second, the open subscriptions."""

import asyncio
from dataclasses import dataclass
from typing import Protocol

from api.account import DROP_OLDEST, NO_CACHE_LIMITS, AccountSnapshot, Limits, SlowReaderPolicy
from api.errors import TidingsError
from backplane.interface import Directory
from router.allowance import Allowance
from router.caps import Caps
from router.sharing import LOOK_SECONDS, Sharing

REAP_INTERVAL_SECONDS = 0.2
"""How often a full account may have its subscriptions asked whether their clients are still there."""

REST_AFTER_REAP = 10
"""So many times as long as the asking took, nobody asks again: a full account must not keep the router busy with it."""

TRIES_FOR_ROOM = 3


class Open(Protocol):
    """A subscription, as far as its account is concerned with it."""

    async def is_gone(self) -> bool:
        """Whether the client has left without a word; if so, the subscription has begun to end."""
        ...

    def check(self) -> None:
        """End the subscription if the account no longer allows it."""
        ...


@dataclass(eq=False, slots=True)
class Admission:
    """The room of one subscription: in its account, and in its cache where that has limits of its own."""

    cache_id: str
    allowances: list[Allowance]

    def end(self) -> None:
        """Give the room back."""
        for allowance in self.allowances:
            allowance.close()


class Tenant:
    """One account's state on this router."""

    def __init__(self, account_id: str, snapshot: AccountSnapshot | None, sharing: Sharing) -> None:
        self.account_id = account_id
        self.snapshot = snapshot
        self.subscriptions: dict[Open, Admission] = {}
        self._opening: set[Admission] = set()
        self._sharing = sharing
        self._now = sharing.now
        self._next_reap = float("-inf")
        self._reaping = asyncio.Lock()
        self.caps = Caps(sharing)
        self._own = sharing.allowance(account_id, f"account '{account_id}'", self.limits)
        self._of_caches: dict[str, Allowance] = {}
        self._take_caches()
        if snapshot is not None:
            self.caps.change(snapshot.caps)

    def __repr__(self) -> str:
        return f"<Tenant {self.account_id}, {len(self.subscriptions)} subscriptions, {self._own!r}>"

    @property
    def limits(self) -> Limits:
        """The limits in force."""
        return self.snapshot.limits if self.snapshot else Limits()

    def slow_reader_policy(self, cache_id: str) -> SlowReaderPolicy:
        """Return what becomes of streams of a cache that fall behind.

        Linear in the account's caches; call it only for a stream that has fallen behind.
        """
        for cache in self.snapshot.caches.values() if self.snapshot else ():
            if cache.id == cache_id:
                return cache.slow_reader_policy
        return DROP_OLDEST

    def change(self, snapshot: AccountSnapshot | None) -> None:
        """Live by another snapshot from now on; subscriptions that it does not allow end.

        Those that are over a limit which was lowered stay; no other is admitted before there is room.
        """
        self.snapshot = snapshot
        self._own.change(self._own.place, self.limits)
        self._take_caches()
        self.caps.change(snapshot.caps if snapshot else ())
        for subscription in list(self.subscriptions):
            subscription.check()
        if snapshot is None:
            self._sharing.forget(self._own)

    def charge_publish(self, cache_id: str, value_bytes: int) -> None:
        """Take one publish of this size from the budgets of the account and of the cache.

        Raises:
            MessageTooLarge, PublishRateExceeded, ThroughputExceeded: it is over a limit of one of them.
        """
        now = self._now()
        of_cache = self._of_caches.get(cache_id)
        if of_cache is None:
            self._own.charge(value_bytes, now)
            return
        of_cache.charge(value_bytes, now)
        try:
            self._own.charge(value_bytes, now)
        except TidingsError:
            of_cache.give_back(value_bytes)
            raise

    async def admit(self, cache_id: str) -> Admission:
        """Reserve room for one more subscription, until `admitted` or `not_admitted`.

        A client that has left is noticed at the next write to it; so before anybody is refused, the idle ones are
        asked.

        Raises:
            TooManySubscriptions: the account or the cache has as many as it may have.
        """
        admission = Admission(cache_id, [])
        self._opening.add(admission)
        try:
            of_cache = self._of_caches.get(cache_id)
            for allowance in (self._own,) if of_cache is None else (self._own, of_cache):
                await self._make_room(allowance)
                allowance.open()
                admission.allowances.append(allowance)
        except BaseException:
            self.not_admitted(admission)
            raise
        return admission

    def admitted(self, subscription: Open, admission: Admission) -> None:
        """Count a subscription that was admitted and is open now."""
        self._opening.discard(admission)
        self.subscriptions[subscription] = admission

    def not_admitted(self, admission: Admission) -> None:
        """Give back the room of a subscription that could not be opened."""
        self._opening.discard(admission)
        admission.end()

    def closed(self, subscription: Open) -> None:
        """Count a subscription no more."""
        admission = self.subscriptions.pop(subscription, None)
        if admission is not None:
            admission.end()

    def _take_caches(self) -> None:
        """Have an allowance for each cache that has limits of its own, and for no other."""
        caches = self.snapshot.caches.values() if self.snapshot else ()
        limited = {cache.id: cache for cache in caches if cache.limits != NO_CACHE_LIMITS}
        for id in self._of_caches.keys() - limited.keys():
            self._sharing.forget(self._of_caches.pop(id))
        for id, cache in limited.items():
            place, limits = f"cache '{cache.name}' of {self._own.place}", cache.limits.within(self.limits)
            if id in self._of_caches:
                self._of_caches[id].change(place, limits)
            else:
                self._of_caches[id] = self._counted(id, self._sharing.allowance(id, place, limits))

    def _counted(self, cache_id: str, allowance: Allowance) -> Allowance:
        """Count the subscriptions that are there already against a new allowance."""
        for admission in (*self.subscriptions.values(), *self._opening):
            if admission.cache_id == cache_id:
                admission.allowances.append(allowance)
                allowance.open()
        return allowance

    async def _make_room(self, allowance: Allowance) -> None:
        if await self._sharing.has_room(allowance):
            return
        await self._reap()
        slots = allowance.slots
        for _ in range(TRIES_FOR_ROOM):
            if await self._sharing.has_room(allowance):
                return
            if slots.used >= slots.limit:
                break
            await asyncio.sleep(LOOK_SECONDS)  # others have room that they do not use, and give it back
        raise allowance.full()

    async def _reap(self) -> None:
        async with self._reaping:  # whoever comes meanwhile waits for the same answers
            begun = self._now()
            if begun < self._next_reap:
                return
            everyone = list(self.subscriptions)
            gone = await asyncio.gather(*[subscription.is_gone() for subscription in everyone])
            for subscription, has_gone in zip(everyone, gone, strict=True):
                if has_gone:
                    self.closed(subscription)
            ended = self._now()
            self._next_reap = ended + max(REAP_INTERVAL_SECONDS, REST_AFTER_REAP * (ended - begun))


class Tenants:
    """The accounts that this router has met, kept true by the directory."""

    def __init__(self, directory: Directory, sharing: Sharing) -> None:
        self._directory = directory
        self._sharing = sharing
        self._tenants: dict[str, Tenant] = {}
        self._unwatch = directory.watch_accounts(self._changed)

    async def tenant(self, account_id: str) -> Tenant:
        """Return the account's state; one that the directory does not know has no snapshot.

        Raises:
            Unavailable: the account was never met, and the directory cannot be asked.
        """
        tenant = self._tenants.get(account_id)
        if tenant is not None:
            return tenant
        snapshot = await self._directory.account(account_id)
        if snapshot is None:
            return Tenant(account_id, None, self._sharing)
        tenant = self._tenants.get(account_id)  # another request may have met it meanwhile
        if tenant is None:
            tenant = self._tenants[account_id] = Tenant(account_id, snapshot, self._sharing)
            newest = await self._directory.account(account_id)
            if newest is not snapshot:  # it changed before there was a tenant to tell
                self._changed(account_id, newest)
        return tenant

    async def renew(self, tenant: Tenant) -> None:
        """Learn at once what changed in an account of which a change may be on its way here."""
        await self._directory.renew(tenant.account_id)

    def has_caps(self, account_id: str) -> bool:
        """Whether an account that was met here has spend caps, reached or not."""
        tenant = self._tenants.get(account_id)
        return tenant is not None and tenant.snapshot is not None and tenant.snapshot.has_caps

    def all(self) -> list[Tenant]:
        """Return every account met so far."""
        return list(self._tenants.values())

    def close(self) -> None:
        """Stop watching the directory."""
        self._unwatch()

    def _changed(self, account_id: str, snapshot: AccountSnapshot | None) -> None:
        tenant = self._tenants.pop(account_id, None) if snapshot is None else self._tenants.get(account_id)
        if tenant is not None:
            tenant.change(snapshot)
