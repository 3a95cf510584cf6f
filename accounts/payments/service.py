"""Tells a payment provider what its customers have used: each unit once, whatever fails in between.

Units are told by hour, when the hour is over; what comes later is told as another event of the same hour. Before an
event is sent it is written down with its number, and after a failure the same event is sent again.
"""

import asyncio
import logging
from collections.abc import Mapping
from zoneinfo import ZoneInfo

from accounts import audit
from accounts.audit import Actor
from accounts.billing.periods import Period, parts_of
from accounts.clocks import repository as clock_rows
from accounts.clocks.service import Clocks
from accounts.database import Database
from accounts.invoices.reckoning import billable
from accounts.paging import Page, PageRequest
from accounts.payments import repository
from accounts.payments.models import PaymentCustomer, PaymentReport
from accounts.payments.provider import MeterEvent, Provider, Refused, Unreachable
from accounts.payments.repository import Standing
from accounts.pricing.service import Pricing
from accounts.tenants import repository as tenants
from accounts.usage.scope import Scope
from accounts.usage.service import Usage
from api.errors import InvalidArgument, NotFound, Unavailable

HOUR, MINUTE = 3600, 60
SETTLE_SECONDS = 600
"""How long after its end an hour is told: most of what is late has come by then."""

LOOK_BACK_SECONDS = 34 * 86400
"""Stripe takes events of the last 35 days."""

REST_SECONDS = 10
"""How long whoever deletes an account waits until the provider knows the rest of its usage."""

_log = logging.getLogger(__name__)


class Payments:
    """The customers of a payment provider."""

    def __init__(
        self, database: Database, clocks: Clocks, pricing: Pricing, usage: Usage, provider: Provider | None
    ) -> None:
        self._database = database
        self._clocks = clocks
        self._pricing = pricing
        self._usage = usage
        self.provider = provider

    async def link(self, account_id: str, actor: Actor, customer_id: str) -> PaymentCustomer:
        """Say which customer of the provider an account is; what it uses from this hour on is told there.

        Raises:
            InvalidArgument: no provider is set up.
            NotFound: there is no such account.
        """
        if self.provider is None:
            raise InvalidArgument("no payment provider is set up; set TIDINGS_STRIPE_API_KEY")
        async with self._database.transaction() as session:
            if await tenants.get_alone(session, account_id) is None:
                raise NotFound(f"account '{account_id}' does not exist")
            if await clock_rows.get(session, account_id) is not None:
                raise InvalidArgument("an account with a test clock pays nobody")
            before = await repository.customer(session, account_id)
            since = self._clocks.everywhere() // HOUR * HOUR if before is None else before.since
            told_before = None if before is None else _audited(before)
            await repository.remove(session, account_id)
            row = PaymentCustomer(
                account_id=account_id, provider=self.provider.name, customer_id=customer_id, since=since, reason=""
            )
            repository.add(session, row)
            audit.record(
                session,
                actor,
                account_id,
                "payment_customer.linked",
                account_id,
                before=told_before,
                after=_audited(row),
            )
        return row

    async def unlink(self, account_id: str, actor: Actor) -> None:
        """Tell the provider of an account no more.

        Raises:
            NotFound: it is told nothing of it.
        """
        async with self._database.transaction() as session:
            row = await repository.customer(session, account_id)
            if row is None:
                raise _no_customer(account_id)
            audit.record(session, actor, account_id, "payment_customer.unlinked", account_id, before=_audited(row))
            await repository.remove(session, account_id)

    async def read(self, account_id: str) -> Standing:
        """Return which customer an account is, and how far the provider was told of it.

        Raises:
            NotFound: it is told nothing of it.
        """
        async with self._database.reading() as session:
            standing = await repository.standing(session, account_id)
        if standing is None:
            raise _no_customer(account_id)
        return standing

    async def page(self, asked: PageRequest) -> Page[Standing]:
        """Return all customers in the order of their accounts, and how far the provider was told."""
        async with self._database.reading() as session:
            found = await repository.page(session, asked)
        return asked.page(found, lambda each: (each.customer.account_id,))

    async def report_due(self) -> str:
        """Tell the provider of all hours that are over. A job of the fleet; it may die anywhere and be done again."""
        if self.provider is None:
            return "no payment provider is set up"
        async with self._database.reading() as session:
            customers = await repository.customers(session, self.provider.name)
        sent, end = 0, (self._clocks.everywhere() - SETTLE_SECONDS) // HOUR * HOUR
        for customer in customers:
            try:
                sent += await self._report(self.provider, customer, end)
            except Unreachable as reason:
                _log.warning("the payment provider was not told of '%s': %s", customer.account_id, reason)
                return f"{sent} events, then: {reason}"
        return f"{sent} events of {len(customers)} customers"

    async def tell_rest(self, account_id: str) -> None:
        """Tell the provider of all that an account has used so far, in the hour that runs too: it is to be deleted.

        Raises:
            Unavailable: the provider was not reached, or does not know all yet after `REST_SECONDS`.
        """
        async with self._database.reading() as session:
            customer = await repository.customer(session, account_id)
        if self.provider is None or customer is None or customer.provider != self.provider.name:
            return
        end = self._clocks.everywhere() // MINUTE * MINUTE + MINUTE
        try:
            async with asyncio.timeout(REST_SECONDS):
                for _ in range(2):  # what was on its way is told as it was, and what has come since by the next one
                    await self._report(self.provider, customer, end)
        except TimeoutError as reason:
            raise Unavailable(
                "the payment provider does not know yet all that the account has used; "
                "try again, and it goes on where it ended"
            ) from reason
        except Unreachable as reason:
            raise Unavailable(
                "the payment provider cannot be told what the account has used last; try again, "
                "or have an operator remove its payment-customer first"
            ) from reason

    async def _report(self, provider: Provider, customer: PaymentCustomer, end: int) -> int:
        sent = 0
        for (meter, hour), used in (await self._open(customer, end)).items():
            written = await self._write_down(customer, meter, hour, used)
            if written is None:
                continue
            number, event = written
            try:
                await provider.report(event)
            except Refused as reason:
                await self._note(customer.account_id, str(reason))
                return sent
            await self._told(customer.account_id, meter, hour, number)
            sent += 1
        if customer.reason:
            await self._note(customer.account_id, "")
        return sent

    async def _open(self, customer: PaymentCustomer, end: int) -> Mapping[tuple[str, int], int]:
        """Return the units of meters and hours of which the provider does not know all, in the order of time."""
        used = await self._used(customer, end)
        async with self._database.reading() as session:
            told = await repository.reports(session, customer.account_id, min((hour for _, hour in used), default=0))
        known = {key: 0 if row.pending else row.units for key, row in told.items()}
        return {key: used[key] for key in sorted(used, key=lambda key: key[::-1]) if known.get(key, 0) < used[key]}

    async def _used(self, customer: PaymentCustomer, end: int) -> dict[tuple[str, int], int]:
        """Return the units of each meter and hour until `end`, where the plan of that time had a price for them."""
        start = max(customer.since, (self._clocks.everywhere() - LOOK_BACK_SECONDS) // HOUR * HOUR)
        if start >= end:
            return {}
        units: dict[tuple[str, int], int] = {}
        async with self._database.reading() as session:
            account = await self._pricing.customer(session, customer.account_id)
            for part in parts_of(Period(start, end, "UTC"), await self._pricing.held(session, account), start):
                scope, first, last = Scope(customer.account_id), part.start // 60, part.end // 60
                for each in await self._usage.pieces(session, scope, first, last, "hour", ZoneInfo("UTC")):
                    hour = each.start * 60 // HOUR * HOUR  # a plan may end, and another begin, within one
                    for (_, meter), count in billable({("", each.meter): each.counts}).items():
                        if meter in part.plan.prices:
                            units[meter, hour] = units.get((meter, hour), 0) + count
        return units

    async def _write_down(
        self, customer: PaymentCustomer, meter: str, hour: int, used: int
    ) -> tuple[int, MeterEvent] | None:
        """Return the event that is to be sent, which is kept from now on, with its number; None where it was sent."""
        async with self._database.transaction() as session:
            await tenants.get_alone(session, customer.account_id)
            row = await repository.report(session, customer.account_id, meter, hour)
            if row is None:
                row = PaymentReport(
                    account_id=customer.account_id, meter=meter, hour=hour, units=0, events=0, pending=0
                )
                repository.add(session, row)
            row.pending = row.pending or max(used - row.units, 0)
            units, number = row.pending, row.events + 1
        if not units:
            return None
        identifier = f"{customer.account_id}-{meter}-{hour}-{number}"
        return number, MeterEvent(identifier, customer.customer_id, meter, units, hour)

    async def _told(self, account_id: str, meter: str, hour: int, number: int) -> None:
        """Note that an event was taken. Another service may have noted it before, and written down the next one."""
        async with self._database.transaction() as session:
            await tenants.get_alone(session, account_id)
            row = await repository.report(session, account_id, meter, hour)
            if row is not None and row.pending and row.events + 1 == number:
                row.units, row.events, row.pending = row.units + row.pending, row.events + 1, 0

    async def _note(self, account_id: str, reason: str) -> None:
        async with self._database.transaction() as session:
            row = await repository.customer(session, account_id)
            if row is not None:
                row.reason = reason


def _audited(row: PaymentCustomer) -> dict[str, str]:
    return {"provider": row.provider, "customer_id": row.customer_id}


def _no_customer(account_id: str) -> NotFound:
    return NotFound(f"account '{account_id}' is no customer of the payment provider; PUT its payment-customer first")
