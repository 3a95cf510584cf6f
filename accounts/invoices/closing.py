"""Closes months: an invoice, its number, and what it uses up, in one transaction for each account and month.

A month is closed once, because its row is. Whatever dies in the middle has done nothing.
"""

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from accounts import audit
from accounts.audit import SYSTEM
from accounts.balances import repository as balances
from accounts.balances.service import new_credit
from accounts.billing.money import plain
from accounts.billing.periods import Period, following, until
from accounts.billing.settings import BillingSettings
from accounts.clocks import repository as clock_rows
from accounts.clocks.service import Clocks
from accounts.database import Database, Transaction
from accounts.identifiers import new_id
from accounts.invoices import records, repository
from accounts.invoices.models import Invoice
from accounts.invoices.reckoning import Reckoned, Reckoning
from accounts.invoices.records import REAL, TEST, shown_number
from accounts.pricing import repository as pricing_rows
from accounts.pricing.models import ClosedPeriod
from accounts.pricing.service import Customer, Pricing

ACCOUNTS_AT_ONCE = 200
Finalized = Callable[[Transaction, Invoice, str], Awaitable[None]]
"""Told of each invoice and its number as people see it, in the transaction that makes it."""

_log = logging.getLogger(__name__)


class Closing:
    """Makes invoices of months that are over."""

    def __init__(
        self, database: Database, clocks: Clocks, pricing: Pricing, reckoning: Reckoning, settings: BillingSettings
    ) -> None:
        self._database = database
        self._clocks = clocks
        self._pricing = pricing
        self._reckoning = reckoning
        self._settings = settings
        self._listeners: list[Finalized] = []

    def on_finalized(self, listener: Finalized) -> None:
        """Have `listener` told of each invoice from now on."""
        self._listeners.append(listener)

    async def close_due(self) -> str:
        """Close every month that is over. A job of the whole fleet; it may be done twice, or die in the middle."""
        now, made, closed, failed = self._clocks.everywhere(), 0, 0, 0
        async with self._database.reading() as session:
            accounts = [
                *await pricing_rows.without_profile(session, ACCOUNTS_AT_ONCE),
                *await pricing_rows.due(session, now, ACCOUNTS_AT_ONCE),
            ]
        for account_id in accounts:
            try:
                invoices = await self.close(account_id)
            except Exception:  # noqa: BLE001 - one account must not keep the others from their invoices
                _log.exception("the months of account '%s' could not be closed", account_id)
                failed += 1
            else:
                made, closed = made + len(invoices), closed + 1
        return f"{made} invoices of {closed} accounts" + (f", {failed} accounts failed" if failed else "")

    async def close(self, account_id: str) -> Sequence[Invoice]:
        """Close the months of an account that are over; return the invoices that this made.

        Raises:
            NotFound: there is no such account.
        """
        made: list[Invoice] = []
        while True:
            async with self._database.transaction() as session:
                customer = await self._pricing.customer_alone(session, account_id)
                now = await self._clocks.now(session, account_id)
                period = await self._pricing.next_period(session, customer)
                has_test_clock = await clock_rows.get(session, account_id) is not None
                delay = 0 if has_test_clock else self._settings.close_delay_seconds
                if now < period.end + delay:
                    customer.profile.closes_at = period.end + delay
                    return made
                made += await self._close(session, customer, period, now)
                customer.profile.closes_at = following(period.end, customer.zone).end + delay

    async def settle(self, session: Transaction, account_id: str) -> Sequence[Invoice]:
        """Close all months of an account that is about to be deleted in this transaction; return the invoices.

        The month that runs ends with this minute; the others are closed whole, also before their delay is over.

        Raises:
            NotFound: there is no such account.
        """
        customer = await self._pricing.customer_alone(session, account_id)
        now = await self._clocks.now(session, account_id)
        ended = replace(customer, ends_at=now - now % 60 + 60)
        made: list[Invoice] = []
        while (period := await self._pricing.next_period(session, ended)).start <= now:
            made += await self._close(session, ended, period, now)
        return made

    async def _close(self, session: Transaction, customer: Customer, period: Period, now: int) -> Sequence[Invoice]:
        series = REAL if await clock_rows.get(session, customer.account_id) is None else TEST
        month = await self._reckoning.month(session, customer, period, period.end)
        closed = until(period, customer.ends_at)
        made = [await self._finalize(session, customer, closed, each, series, now) for each in month]
        row = ClosedPeriod(
            account_id=customer.account_id, start=closed.start, end=closed.end, zone=closed.zone, closed_at=now
        )
        pricing_rows.add_closed(session, row)
        await session.flush()
        return made

    async def _finalize(
        self, session: Transaction, customer: Customer, period: Period, reckoned: Reckoned, series: str, now: int
    ) -> Invoice:
        invoice = await self._invoice(session, customer, period, reckoned, series, now)
        lines = records.line_rows(invoice.id, reckoned.statement)
        await repository.add(session, invoice, lines, records.charge_rows(invoice, reckoned.statement))
        for adjustment in reckoned.adjustments:
            adjustment.invoice_id = invoice.id
        used = {line.source_id: line.amount for line in reckoned.statement.lines if line.kind == "credit"}
        for credit in reckoned.credits:
            credit.left += used.get(credit.id, 0)
        carried = reckoned.statement.carried
        if carried:
            reason = f"carried over from {shown_number(self._settings.invoice_prefix, series, invoice.number)}"
            balances.add(session, new_credit(customer.account_id, invoice.currency, carried, reason, now))
        after = {
            "number": invoice.number,
            "series": series,
            "total": plain(invoice.total),
            "currency": invoice.currency,
        }
        audit.record(session, SYSTEM, customer.account_id, "invoice.finalized", invoice.id, after=after)
        for listener in self._listeners:
            await listener(session, invoice, shown_number(self._settings.invoice_prefix, series, invoice.number))
        return invoice

    async def _invoice(
        self, session: Transaction, customer: Customer, period: Period, reckoned: Reckoned, series: str, now: int
    ) -> Invoice:
        statement, profile = reckoned.statement, customer.profile
        return Invoice(
            id=new_id("inv"),
            account_id=customer.account_id,
            series=series,
            number=await repository.next_number(session, series),
            kind="invoice",
            voids="",
            period_start=period.start,
            period_end=period.end,
            zone=period.zone,
            currency=statement.currency,
            subtotal=statement.subtotal,
            tax=statement.tax,
            total=statement.total,
            name=profile.name,
            address=profile.address,
            tax_id=profile.tax_id,
            finalized_at=now,
            state="final" if statement.total else "paid",
            state_at=now,
            state_reason="" if statement.total else "nothing is to be paid",
        )
