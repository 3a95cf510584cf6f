"""What accounts may use, what they do use, and how both are changed."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from accounts import audit
from accounts.audit import Actor
from accounts.caches import repository as caches
from accounts.caches.models import Cache
from accounts.database import Database, Transaction
from accounts.keys import repository as keys
from accounts.limits import repository
from accounts.limits.force import NAMES, Limit, limits_of
from accounts.limits.used import Used, history_of, present
from accounts.snapshots import Snapshots
from accounts.tenants import repository as tenants
from accounts.tenants.models import Account
from accounts.usage.service import Usage
from api.account import LARGEST_MESSAGE_BYTES, NO_CACHE_LIMITS
from api.errors import InvalidArgument, NotFound, Unavailable
from backplane.interface import Quotas, Use

PEAK_HOURS = 7 * 24

Source = Literal["plan", "account", "cache"]


@dataclass(frozen=True, slots=True)
class Standing:
    """How an account, or one of its caches, stands to a limit.

    Attributes:
        cache: The name of the cache; None for the whole account.
        value: What is in force.
        source: Who has set that.
        plan: What the plan gives.
        hard: What the account itself may raise it to.
        used: What is known of its use.
    """

    name: str
    cache: str | None
    value: int
    source: Source
    plan: int
    hard: int
    used: Used


class AccountLimits:
    """The limits of accounts."""

    def __init__(
        self,
        database: Database,
        snapshots: Snapshots,
        usage: Usage,
        quotas: Quotas,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._database = database
        self._snapshots = snapshots
        self._usage = usage
        self._quotas = quotas
        self._now = now

    async def standings(self, account_id: str) -> Sequence[Standing]:
        """Return how an account stands to each limit: its own, then those of its caches.

        Raises:
            NotFound: there is no such account.
        """
        now = int(self._now())
        async with self._database.reading() as session:
            account = _found(await tenants.get(session, account_id))
            limits = limits_of(account, await repository.overrides(session, account_id))
            all_caches = await caches.of_account(session, account_id)
            limited = [cache for cache in all_caches if cache.limits != NO_CACHE_LIMITS]
            counts = {"caches": len(all_caches), "api_keys": await keys.count(session, account_id, now)}
            history = await history_of(session, self._usage, account_id, now, PEAK_HOURS)
        uses = await self._uses([account_id, *(cache.id for cache in limited)])
        own = [
            Standing(
                limit.name,
                None,
                limit.value,
                "plan" if limit.own is None else "account",
                limit.plan,
                limit.hard,
                history.of("", limit.name, present(limit.name, uses, account_id, counts)),
            )
            for limit in limits.values()
        ]
        return own + [
            Standing(
                name,
                cache.name,
                value,
                "cache",
                limits[name].value,
                limits[name].hard,
                history.of(cache.id, name, present(name, uses, cache.id, {})),
            )
            for cache in limited
            for name, value in _own_limits(cache)
        ]

    async def change(self, account_id: str, actor: Actor, wanted: Mapping[str, int | None]) -> None:
        """Set limits of an account within its hard ones; None for what the plan gives.

        Raises:
            NotFound: there is no such account.
            InvalidArgument: a limit is more than the account may have by itself.
        """
        async with self._database.transaction() as session:
            limits = await self._alone(session, account_id)
            for name, value in wanted.items():
                if value is not None and value > limits[name].hard:
                    raise InvalidArgument(
                        f"{name} is {limits[name].hard} at most for this account, not {value}; "
                        "an operator of the installation can raise that"
                    )
            changes = {name: {"value": value} for name, value in wanted.items()}
            await self._override(session, actor, account_id, limits, changes)
        await self._snapshots.publish(account_id)

    async def override(self, account_id: str, actor: Actor, wanted: Mapping[str, Mapping[str, int | None]]) -> None:
        """Set the `value`, the `hard` limit or both of some limits of an account; None for what its plan gives.

        Raises:
            NotFound: there is no such account.
            InvalidArgument: no value can be as large.
        """
        for name, values in wanted.items():
            if name == "message_bytes" and max(value or 0 for value in values.values()) > LARGEST_MESSAGE_BYTES:
                raise InvalidArgument(f"message_bytes is {LARGEST_MESSAGE_BYTES} at most: SDKs read no larger ones")
        async with self._database.transaction() as session:
            limits = await self._alone(session, account_id)
            await self._override(session, actor, account_id, limits, wanted)
        await self._snapshots.publish(account_id)

    async def _alone(self, session: Transaction, account_id: str) -> Mapping[str, Limit]:
        account = _found(await tenants.get_alone(session, account_id))
        return limits_of(account, await repository.overrides(session, account_id))

    async def _override(
        self,
        session: Transaction,
        actor: Actor,
        account_id: str,
        limits: Mapping[str, Limit],
        wanted: Mapping[str, Mapping[str, int | None]],
    ) -> None:
        for name, values in wanted.items():
            await repository.override(session, account_id, name, values)
        account = _found(await tenants.get(session, account_id))
        changed = limits_of(account, await repository.overrides(session, account_id))
        before, after = _audited(limits, wanted), _audited(changed, wanted)
        audit.record(session, actor, account_id, "limits.changed", account_id, before=before, after=after)
        await tenants.touch(session, account_id)

    async def _uses(self, ids: Sequence[str]) -> Mapping[str, Use] | None:
        try:
            return await self._quotas.uses(ids)
        except Unavailable:
            return None


def _own_limits(cache: Cache) -> Sequence[tuple[str, int]]:
    own = ((name, getattr(cache.limits, name, None)) for name in NAMES)
    return [(name, value) for name, value in own if value is not None]


def _found(account: Account | None) -> Account:
    if account is None:
        raise NotFound("the account does not exist")
    return account


def _audited(limits: Mapping[str, Limit], names: Mapping[str, object]) -> dict[str, object]:
    return {name: {"value": limits[name].value, "hard": limits[name].hard} for name in names}
