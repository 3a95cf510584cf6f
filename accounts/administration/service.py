"""What operators of the installation do with accounts. Routers hear of each change before it is answered."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from accounts import audit
from accounts.administration import repository
from accounts.administration.repository import MemberRow
from accounts.audit import Actor
from accounts.caches import repository as caches
from accounts.database import Database, Transaction
from accounts.invoices.closing import Closing
from accounts.keys import repository as keys
from accounts.paging import Page, PageRequest
from accounts.payments.service import Payments
from accounts.purges import repository as purges
from accounts.sessions import repository as sessions
from accounts.snapshots import Snapshots
from accounts.tenants import repository as tenants
from accounts.tenants.models import Account
from accounts.tenants.plans import PLANS
from accounts.token_bindings.service import TokenBindings
from accounts.usage.calendar import month_start
from accounts.usage.repository import Counts
from accounts.usage.scope import Scope
from accounts.usage.service import Usage
from api.errors import InvalidArgument, NotFound
from backplane.interface import Directory


@dataclass(frozen=True, slots=True)
class Described:
    """An account in full.

    Attributes:
        usage: Of the month that runs, in the account's time zone, by meter.
    """

    account: Account
    members: Sequence[MemberRow]
    caches: int
    api_keys: int
    usage: Mapping[str, Counts]


class Administration:
    """All accounts, for operators of the installation."""

    def __init__(
        self,
        database: Database,
        snapshots: Snapshots,
        directory: Directory,
        usage: Usage,
        bindings: TokenBindings,
        closing: Closing,
        payments: Payments,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._database = database
        self._snapshots = snapshots
        self._directory = directory
        self._usage = usage
        self._bindings = bindings
        self._closing = closing
        self._payments = payments
        self._now = now

    async def page(self, asked: PageRequest, query: str, *, suspended: bool | None) -> Page[Account]:
        """Return a page of accounts; see `repository.page`."""
        async with self._database.reading() as session:
            found = await repository.page(session, asked, query.strip(), suspended=suspended)
            return asked.page(found, lambda account: (account.created_at, account.id))

    async def describe(self, account_id: str) -> Described:
        """Return an account in full.

        Raises:
            NotFound: there is none of this id.
        """
        now = int(self._now())
        async with self._database.reading() as session:
            account = _found(await tenants.get(session, account_id), account_id)
            minute = now // 60
            start = month_start(minute, ZoneInfo(account.time_zone))
            used = await self._usage.totals(session, Scope(account_id), start, minute + 1)
            return Described(
                account,
                await repository.members(session, account_id),
                await caches.count(session, account_id),
                await keys.count(session, account_id, now),
                {each.meter: each.counts for each in used},
            )

    async def suspend(self, account_id: str, actor: Actor, reason: str) -> None:
        """Refuse all that an account's keys and tokens ask for; its subscriptions end. Nothing is lost.

        Raises:
            NotFound: there is none of this id.
        """
        async with self._database.transaction() as session:
            account = await self._alone(session, account_id)
            if account.suspended and account.suspension_reason == reason:
                return
            before = _suspension(account)
            account.suspended, account.suspension_reason = True, reason
            account.suspended_at = account.suspended_at or int(self._now())
            await self._note(session, actor, account, "account.suspended", before, _suspension(account))
        await self._snapshots.publish(account_id)

    async def resume(self, account_id: str, actor: Actor) -> None:
        """Serve a suspended account again.

        Raises:
            NotFound: there is none of this id.
        """
        async with self._database.transaction() as session:
            account = await self._alone(session, account_id)
            if not account.suspended:
                return
            before = _suspension(account)
            account.suspended, account.suspension_reason, account.suspended_at = False, "", None
            await self._note(session, actor, account, "account.resumed", before, _suspension(account))
        await self._snapshots.publish(account_id)

    async def assign_limits(self, account_id: str, actor: Actor, plan: str) -> None:
        """Give an account the limits of another plan. What was set for it alone stays.

        Raises:
            NotFound: there is none of this id.
            InvalidArgument: there is no such plan.
        """
        if plan not in PLANS:
            raise InvalidArgument(f"there are no limits '{plan}'; there are {', '.join(PLANS)}")
        async with self._database.transaction() as session:
            account = await self._alone(session, account_id)
            before, account.plan = account.plan, plan
            await self._note(session, actor, account, "account.limits_plan_changed", {"plan": before}, {"plan": plan})
        await self._snapshots.publish(account_id)

    async def delete(self, account_id: str, actor: Actor) -> None:
        """Delete an account with all its data, and the people who were in no other.

        Its usage, invoices and audit log stay: books and logs are not rewritten; the month that runs is invoiced in the
        same transaction, and a payment provider is told of it before. Nothing brings it back; what is in Redis is
        removed by the job `accounts.purge`.

        Raises:
            NotFound: there is none of this id.
            Unavailable: the payment provider was not reached.
        """
        await self._payments.tell_rest(account_id)
        async with self._database.transaction() as session:
            logged_in = await sessions.users_in(session, account_id)
            await self._bindings.lock(session, logged_in, account_id)
            account = await self._alone(session, account_id)
            cache_ids = [cache.id for cache in await caches.of_account(session, account_id)]
            invoices = [each.id for each in await self._closing.settle(session, account_id)]
            people = await repository.remove(session, account)
            await purges.add(session, account_id, ["", *cache_ids], int(self._now()))
            before = {"name": account.name, "plan": account.plan, "people_deleted": sorted(people)}
            after = {"invoices": invoices}
            audit.record(session, actor, account_id, "account.deleted", account_id, before=before, after=after)
            ended = await self._bindings.settle(session, logged_in)
        await self._bindings.tell(ended)
        await self._directory.remove_account(account_id)

    async def _alone(self, session: Transaction, account_id: str) -> Account:
        return _found(await tenants.get_alone(session, account_id), account_id)

    async def _note(
        self,
        session: Transaction,
        actor: Actor,
        account: Account,
        action: str,
        before: Mapping[str, object],
        after: Mapping[str, object],
    ) -> None:
        audit.record(session, actor, account.id, action, account.id, before=before, after=after)
        await session.flush()
        await tenants.touch(session, account.id)


def _found(account: Account | None, account_id: str) -> Account:
    if account is None:
        raise NotFound(f"account '{account_id}' does not exist")
    return account


def _suspension(account: Account) -> Mapping[str, object]:
    return {"suspended": account.suspended, "reason": account.suspension_reason}
