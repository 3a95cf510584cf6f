"""Which plan an account has, in which months it lives, and what can be done about it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from accounts import audit
from accounts.audit import Actor
from accounts.billing.money import ZERO
from accounts.billing.periods import SHORTEST_SECONDS, Assignment, Period, following, month_of, nearest_border
from accounts.billing.plan import Plan, checked, from_json, to_json
from accounts.billing.settings import BillingSettings
from accounts.budgets import repository as budgets
from accounts.budgets.models import Budget
from accounts.clocks.service import Clocks
from accounts.database import Database, Transaction
from accounts.paging import Page, PageRequest
from accounts.pricing import repository
from accounts.pricing.choosing import at, begins_at, is_offered, require_own_choice, step_of
from accounts.pricing.models import BillingProfile, PricePlan
from accounts.pricing.shipped import SHIPPED
from accounts.tenants import repository as tenants
from api.errors import InvalidArgument, NotFound

FOREVER = 2**62
"""Later than every plan, in epoch seconds."""

When = Literal["now", "next_month"]


@dataclass(frozen=True, slots=True)
class Customer:
    """An account as its bill sees it; its months are those of the time zone `zone`.

    Attributes:
        ends_at: In epoch seconds, where the account is being deleted.
    """

    account_id: str
    zone: str
    profile: BillingProfile
    ends_at: int | None = None


class Pricing:
    """Plans and who has them."""

    def __init__(self, database: Database, clocks: Clocks, settings: BillingSettings) -> None:
        self._database = database
        self._clocks = clocks
        self._settings = settings

    async def ship(self) -> None:
        """Keep the plans that every installation has."""
        async with self._database.transaction() as session:
            for plan in SHIPPED:
                await repository.add_plan(session, _row(plan, self._clocks.everywhere(), public=True))

    async def page(self, asked: PageRequest, *, public_only: bool) -> Page[PricePlan]:
        """Return the newest version of each plan."""
        async with self._database.reading() as session:
            found = await repository.newest_plans(session, asked, public_only=public_only)
        return asked.page(found, lambda row: (row.id,))

    async def versions(self, plan_id: str) -> Sequence[PricePlan]:
        """Return all versions of a plan, the oldest first.

        Raises:
            NotFound: there is no such plan.
        """
        async with self._database.reading() as session:
            found = await repository.versions(session, plan_id)
        if not found:
            raise _no_plan(plan_id, None)
        return found

    async def make(self, actor: Actor, plan: Plan, *, public: bool) -> PricePlan:
        """Keep a plan as the next version of its id. Accounts stay with the version that they have.

        Raises:
            InvalidArgument: its prices make no sense.
        """
        async with self._database.transaction() as session:
            newest = await repository.plan(session, plan.id, None)
            made = checked(replace(plan, version=1 if newest is None else newest.version + 1))
            row = _row(made, self._clocks.everywhere(), public=public)
            if not await repository.add_plan(session, row):
                raise InvalidArgument(f"somebody else has made version {made.version} of plan '{plan.id}' just now")
            after = {"name": made.name, "currency": made.currency, "public": public, "prices": row.prices}
            audit.record(session, actor, None, "price_plan.made", str(made), after=after)
        return row

    async def assign(
        self, account_id: str, actor: Actor, plan_id: str, version: int | None, when: When, *, any_plan: bool
    ) -> Assignment:
        """Give an account a plan. What it has used until then is charged under the plan that it had.

        Where that is the same one it goes on, and what was to come later is forgotten.

        Args:
            account_id: Which account.
            actor: Who does so.
            plan_id: Which plan.
            version: Which version of it; None for the newest.
            when: From a quarter of an hour on, or from the next month. For operators it is the quarter that runs; for
                others see `choosing.begins_at`.
            any_plan: Operators do so, who may give one that is not offered to everybody.

        Raises:
            NotFound: there is no such plan, or it is not offered.
            PermissionDenied: the account has one by agreement with operators, who alone may give it another.
            InvalidArgument: its currency is another one, which can only change with the month, and, unless operators
                change it, only where no budget is in the one before.
        """
        async with self._database.transaction() as session:
            customer = await self.customer_alone(session, account_id)
            now = await self._clocks.now(session, account_id)
            held = await self.held(session, customer)
            present = at(held, now).plan
            row = await repository.plan(session, plan_id, version)
            if row is None:
                raise _no_plan(plan_id, version)
            if not any_plan:
                await self._require_choice(session, customer, row, present, now)
            period = await self.period_at(session, customer, now)
            begun = step_of(now) if any_plan else begins_at(now, present, plan_of(row), period.end)
            since = period.end if when == "next_month" else begun
            before = at(held, since - 1)
            _check_currency(plan_of(row), () if since == period.end else _in_force(held, period.start, since))
            if not any_plan:
                _check_budgets(plan_of(row), before.plan, await budgets.of_account(session, account_id))
            if (before.plan.id, before.plan.version) == (row.id, row.version):
                given = before  # a month is not cut where the same plan goes on
                await repository.forget_later(session, account_id, max(since - 1, before.since))
            else:
                given = Assignment(since, plan_of(row))
                await repository.assign(session, account_id, since, row.id, row.version, now)
            was, after = {"plan": str(before.plan)}, {"plan": str(given.plan), "since": given.since}
            audit.record(session, actor, account_id, "price_plan.assigned", account_id, before=was, after=after)
        return given

    async def _require_choice(
        self, session: Transaction, customer: Customer, row: PricePlan, present: Plan, now: int
    ) -> None:
        newest = await repository.plan(session, row.id, None) or row
        if not is_offered(row, newest, present):
            raise _no_plan(row.id, row.version)
        account_id, begun = customer.account_id, customer.profile.begins_at
        held = await repository.assignments(session, account_id)
        if await repository.made_at(session, account_id, begun) == begun:  # nobody has agreed on it
            held = [(since, plan) for since, plan in held if since != begun]
        require_own_choice(held, now, self._settings.default_plan)

    async def held_by(self, account_id: str) -> Sequence[Assignment]:
        """Return all plans that an account has had, has, and is to have."""
        async with self._database.reading() as session:
            return await self.held(session, await self.customer(session, account_id))

    async def held(self, session: Transaction, customer: Customer) -> Sequence[Assignment]:
        """Return all plans of an account in the order of time; there is one at least."""
        rows = await repository.assignments(session, customer.account_id)
        if rows:
            return [Assignment(since, plan_of(row)) for since, row in rows]
        return [Assignment(customer.profile.begins_at, plan_of(await self._default(session)))]

    async def held_at(self, session: Transaction, customer: Customer, now: int) -> Plan:
        """Return the plan that an account has at `now`."""
        return at(await self.held(session, customer), now).plan

    async def move(self, session: Transaction, account_id: str, zone: str) -> str:
        """Have the months of an account be those of another time zone, from the end of the one that runs on.

        That ends with the month of the new zone. A plan that is to come with a month comes with the same one. An
        account that has just begun may come into another month with it. Return the zone of before.

        Raises:
            NotFound: there is no such account.
            InvalidArgument: what runs would be another month, as in its last hours or before the last one is billed.
        """
        customer = await self.customer_alone(session, account_id)
        if zone == customer.zone:
            return zone
        now = await self._clocks.now(session, account_id)
        if (await self.next_period(session, customer)).end <= now:
            raise InvalidArgument("the month before is not invoiced yet; change the time zone after that")
        old = await self.period_at(session, customer, now)
        new = await self.period_at(session, replace(customer, zone=zone), now)
        is_first = await repository.last_closed(session, account_id) is None
        last = (await self.held(session, customer))[-1].since
        is_to_come = last > now and month_of(last, customer.zone).start == last
        border = nearest_border(last, zone)
        if (is_to_come and border <= now) or (not is_first and new.start - old.start >= SHORTEST_SECONDS):
            raise InvalidArgument(f"it is another month in {zone} already; change the time zone when it has begun here")
        if is_to_come:
            await repository.move_assignment(session, account_id, last, border, now)
        customer.profile.closes_at = now  # so that it is looked at, and set anew
        await tenants.set_time_zone(session, account_id, zone)
        return customer.zone

    async def currencies(
        self, session: Transaction, customer: Customer, start: int, end: int = FOREVER
    ) -> Sequence[str]:
        """Return in which currencies an account is charged in a stretch of time, the earliest first.

        It is one at the most for a month; plans that are to come may have others.
        """
        plans = _in_force(await self.held(session, customer), start, end)
        return list(dict.fromkeys(plan.currency for plan in plans if plan.charges))

    async def customer(self, session: Transaction, account_id: str) -> Customer:
        """Return an account with its billing profile; one that is not kept yet looks as it will be.

        Raises:
            NotFound: there is no such account.
        """
        account = await tenants.get(session, account_id)
        if account is None:
            raise NotFound("the account does not exist")
        profile = await repository.profile(session, account_id)
        if profile is None:
            now = await self._clocks.now(session, account_id)
            profile = _new_profile(account_id, min(account.created_at, now))
        return Customer(account_id, account.time_zone, profile)

    async def former_customer(self, session: Transaction, account_id: str, zone: str) -> Customer:
        """Return an account that was deleted as its last bill saw it.

        Raises:
            NotFound: nothing is known of its plans.
        """
        held, last = (
            await repository.assignments(session, account_id),
            await repository.last_closed(session, account_id),
        )
        if not held or last is None:
            raise NotFound(f"account '{account_id}' is deleted, and the plans that it had are not known any more")
        return Customer(account_id, zone, _new_profile(account_id, held[0][0]), last.end)

    async def customer_alone(self, session: Transaction, account_id: str) -> Customer:
        """Return an account whose billing nobody else changes until the transaction ends; its profile is kept then.

        Raises:
            NotFound: there is no such account.
        """
        await tenants.get_alone(session, account_id)
        customer = await self.customer(session, account_id)
        if await repository.profile(session, account_id) is None:
            begins_at, plan = customer.profile.begins_at, await self._default(session)
            repository.add_profile(session, customer.profile)
            await repository.assign(session, account_id, begins_at, plan.id, plan.version, begins_at)
        return customer

    async def begin(self, session: Transaction, customer: Customer, now: int) -> None:
        """Have an account begin at `now`, with the plan that it has, in place of when it was made."""
        held = await self.held(session, customer)
        plan = held[-1].plan
        customer.profile.begins_at = customer.profile.closes_at = now
        await repository.assign(session, customer.account_id, min(now, held[0].since), plan.id, plan.version, now)

    async def next_period(self, session: Transaction, customer: Customer) -> Period:
        """Return the month of an account that is to be closed next."""
        last = await repository.last_closed(session, customer.account_id)
        if last is None:
            return month_of(customer.profile.begins_at, customer.zone)
        return following(last.end, customer.zone)

    async def period_at(self, session: Transaction, customer: Customer, now: int) -> Period:
        """Return the month of an account that runs at `now`, whether the ones before are closed or not."""
        period = await self.next_period(session, customer)
        while period.end <= now:
            period = following(period.end, customer.zone)
        return period

    async def _default(self, session: Transaction) -> PricePlan:
        row = await repository.plan(session, self._settings.default_plan, None)
        if row is None:
            raise _no_plan(self._settings.default_plan, None)
        return row


def plan_of(row: PricePlan) -> Plan:
    """Return the plan that a row holds."""
    return from_json(row.id, row.version, row.name, row.currency, row.prices)


def _row(plan: Plan, now: int, *, public: bool) -> PricePlan:
    return PricePlan(
        id=plan.id,
        version=plan.version,
        name=plan.name,
        currency=plan.currency,
        public=public,
        prices=to_json(plan),
        created_at=now,
    )


def _new_profile(account_id: str, begins_at: int) -> BillingProfile:
    texts = {"tax_name": "Tax", "name": "", "address": "", "email": "", "tax_id": ""}
    return BillingProfile(account_id=account_id, tax_rate=ZERO, begins_at=begins_at, closes_at=begins_at, **texts)


def _in_force(held: Sequence[Assignment], start: int, end: int) -> Sequence[Plan]:
    """Return the plans of a stretch of time; none where it is empty."""
    if end <= start:
        return ()
    return [at(held, start).plan, *(each.plan for each in held if start < each.since < end)]


def _check_currency(plan: Plan, others: Sequence[Plan]) -> None:
    for other in others:
        if plan.charges and other.charges and other.currency != plan.currency:
            raise InvalidArgument(
                f"plan '{plan.id}' is in {plan.currency}, and this month was under '{other.id}' in {other.currency}: "
                "a currency changes with the month, so ask for the plan from next_month on"
            )


def _check_budgets(plan: Plan, before: Plan, rows: Sequence[Budget]) -> None:
    """Go on where the plan takes no budget's effect, which can be compared with charges in its currency alone."""
    if before.charges and before.currency == plan.currency:
        return
    others = [row for row in rows if row.currency != plan.currency]
    if plan.charges and others:
        names = ", ".join(f"'{row.name}' in {row.currency}" for row in others)
        raise InvalidArgument(
            f"plan '{plan.id}' is in {plan.currency}, and there are budgets in another currency, which would hold "
            f"nothing back: {names}; delete them, and make them anew with the plan"
        )


def _no_plan(plan_id: str, version: int | None) -> NotFound:
    which = f"version {version} of plan '{plan_id}'" if version else f"plan '{plan_id}'"
    return NotFound(f"{which} does not exist; GET /v1/plans lists those that there are")
