"""An account as one router lives with it: the newest snapshot, the budget of this second, the open subscriptions."""

import asyncio
import time
from collections.abc import Callable
from typing import Protocol

from api.account import AccountSnapshot, Limits
from api.errors import MessageTooLarge, PublishRateExceeded, ThroughputExceeded, TooManySubscriptions
from backplane.interface import Directory
from router.quota import Bucket

REAP_INTERVAL_SECONDS = 0.2
"""How often a full account may have its subscriptions asked whether their clients are still there."""

REST_AFTER_REAP = 10
"""So many times as long as the asking took, nobody asks again: a full account must not keep the router busy with it."""


class Open(Protocol):
    """A subscription, as far as its account is concerned with it."""

    async def is_gone(self) -> bool:
        """Whether the client has left without a word; if so, the subscription has begun to end."""
        ...

    def check(self) -> None:
        """End the subscription if the account no longer allows it."""
        ...


class Tenant:
    """One account's state on this router."""

    def __init__(self, account_id: str, snapshot: AccountSnapshot | None, now: Callable[[], float]) -> None:
        self.account_id = account_id
        self.snapshot = snapshot
        self.subscriptions: set[Open] = set()
        self._now = now
        self._opening = 0
        self._next_reap = float("-inf")
        self._reaping = asyncio.Lock()
        limits = self.limits
        self._publishes = Bucket(limits.publishes_per_second, now())
        self._bytes = Bucket(limits.publish_bytes_per_second, now())

    def __repr__(self) -> str:
        return f"<Tenant {self.account_id}, {len(self.subscriptions)} subscriptions, {self._publishes!r}>"

    @property
    def limits(self) -> Limits:
        """The limits in force."""
        return self.snapshot.limits if self.snapshot else Limits()

    def change(self, snapshot: AccountSnapshot | None) -> None:
        """Live by another snapshot from now on; subscriptions that it does not allow end."""
        self.snapshot = snapshot
        self._publishes.change(self.limits.publishes_per_second)
        self._bytes.change(self.limits.publish_bytes_per_second)
        for subscription in list(self.subscriptions):
            subscription.check()

    def charge_publish(self, value_bytes: int) -> None:
        """Take one publish of this size from the budget.

        Raises:
            MessageTooLarge, PublishRateExceeded, ThroughputExceeded: it is over the account's limit.
        """
        limits = self.limits
        if value_bytes > limits.message_bytes:
            raise MessageTooLarge(f"the value is {value_bytes} bytes long; at most {limits.message_bytes} are accepted")
        now = self._now()
        if not self._publishes.take(1, now):
            raise PublishRateExceeded(
                f"the account's rate of {limits.publishes_per_second} operations a second is used up"
            )
        if not self._bytes.take(value_bytes, now):
            raise ThroughputExceeded(
                f"the account's throughput of {limits.publish_bytes_per_second} bytes a second is used up"
            )

    async def admit(self) -> None:
        """Reserve room for one more subscription, until `admitted` or `not_admitted`.

        A client that has left is noticed at the next write to it; so before anybody is refused, the idle ones are
        asked.

        Raises:
            TooManySubscriptions: the account has as many as it may have.
        """
        most = self.limits.subscriptions
        if self._count() >= most:
            await self._reap()
        if self._count() >= most:
            raise TooManySubscriptions(f"the account has {self._count()} of at most {most} subscribers connected")
        self._opening += 1

    def admitted(self, subscription: Open) -> None:
        """Count a subscription that was admitted and is open now."""
        self._opening -= 1
        self.subscriptions.add(subscription)

    def not_admitted(self) -> None:
        """Give back the room of a subscription that could not be opened."""
        self._opening -= 1

    def closed(self, subscription: Open) -> None:
        """Count a subscription no more."""
        self.subscriptions.discard(subscription)

    def _count(self) -> int:
        return len(self.subscriptions) + self._opening

    async def _reap(self) -> None:
        async with self._reaping:  # whoever comes meanwhile waits for the same answers
            begun = self._now()
            if begun < self._next_reap:
                return
            everyone = list(self.subscriptions)
            gone = await asyncio.gather(*(subscription.is_gone() for subscription in everyone))
            for subscription, has_gone in zip(everyone, gone, strict=True):
                if has_gone:
                    self.closed(subscription)
            ended = self._now()
            self._next_reap = ended + max(REAP_INTERVAL_SECONDS, REST_AFTER_REAP * (ended - begun))


class Tenants:
    """The accounts that this router has met, kept true by the directory."""

    def __init__(self, directory: Directory, now: Callable[[], float] = time.monotonic) -> None:
        self._directory = directory
        self._now = now
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
            return Tenant(account_id, None, self._now)
        tenant = self._tenants.get(account_id)  # another request may have met it meanwhile
        if tenant is None:
            tenant = self._tenants[account_id] = Tenant(account_id, snapshot, self._now)
            newest = await self._directory.account(account_id)
            if newest is not snapshot:  # it changed before there was a tenant to tell
                self._changed(account_id, newest)
        return tenant

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
