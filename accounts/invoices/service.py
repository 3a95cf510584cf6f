"""Invoices as their account and the operators see them: drafts, what became final, and what happens to it then."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from accounts import audit
from accounts.audit import Actor
from accounts.balances import repository as balances
from accounts.balances.service import new_credit
from accounts.billing.periods import Period
from accounts.billing.settings import BillingSettings
from accounts.billing.statement import Line, Statement
from accounts.clocks.service import Clocks
from accounts.database import Database, Transaction
from accounts.identifiers import new_id
from accounts.invoices import records, repository
from accounts.invoices.models import Invoice
from accounts.invoices.reckoning import Reckoned, Reckoning
from accounts.paging import Page, PageRequest
from accounts.pricing.service import Customer, Pricing
from api.errors import AlreadyExists, InvalidArgument, NotFound

CREDIT_NOTE = "credit_note"


@dataclass(frozen=True, slots=True)
class Draft:
    """What the month that runs would be invoiced as, were it over now."""

    customer: Customer
    period: Period
    now: int
    reckoned: Sequence[Reckoned]


class Invoices:
    """The invoices of accounts."""

    def __init__(
        self, database: Database, clocks: Clocks, pricing: Pricing, reckoning: Reckoning, settings: BillingSettings
    ) -> None:
        self._database = database
        self._clocks = clocks
        self._pricing = pricing
        self._reckoning = reckoning
        self.settings = settings

    def shown_number(self, invoice: Invoice) -> str:
        """Return an invoice's number as people see it."""
        return records.shown_number(self.settings.invoice_prefix, invoice.series, invoice.number)

    async def page(self, account_id: str | None, asked: PageRequest, state: str | None = None) -> Page[Invoice]:
        """Return the invoices of an account, or for None of all, the newest first; those in a state, or in any."""
        async with self._database.reading() as session:
            found = await repository.page(session, account_id, asked, state)
        return asked.page(found, lambda row: (row.written_at, row.number, row.id))

    async def read(self, account_id: str | None, invoice_id: str) -> tuple[Invoice, Statement]:
        """Return an invoice with its lines. An account sees its own; None stands for whoever may see all.

        Raises:
            NotFound: there is no such invoice.
        """
        async with self._database.reading() as session:
            return await self._read(session, account_id, invoice_id)

    async def draft(self, account_id: str) -> Draft:
        """Return what the month that runs would be invoiced as.

        Raises:
            NotFound: there is no such account.
        """
        async with self._database.reading() as session:
            customer = await self._pricing.customer(session, account_id)
            now = await self._clocks.now(session, account_id)
            period = await self._pricing.period_at(session, customer, now)
            return Draft(customer, period, now, await self._reckoning.month(session, customer, period, now))

    async def pay(self, invoice_id: str, actor: Actor, reference: str) -> Invoice:
        """Note that an invoice was paid.

        Raises:
            NotFound: there is no such invoice.
            AlreadyExists: it is paid or void.
        """
        async with self._database.transaction() as session:
            invoice, _ = await self._read(session, None, invoice_id)
            if invoice.state != "final":
                raise AlreadyExists(f"invoice {self.shown_number(invoice)} is {invoice.state} already")
            await self._change(session, actor, invoice, "paid", reference)
        return invoice

    async def void(self, invoice_id: str, actor: Actor, reason: str, *, bill_again: bool) -> Invoice:
        """Make an invoice void by a credit note, which this returns. Credits that it had used are given back.

        Args:
            invoice_id: Which invoice.
            actor: Who does so.
            reason: Stands on the credit note.
            bill_again: Its usage, and the adjustments on it, go to the next invoice; else they are settled by this.

        Raises:
            NotFound: there is no such invoice.
            AlreadyExists: it is void.
            InvalidArgument: it is a credit note, or has handed on a credit; or is to be billed again to an account that
                is deleted, or for a month that no invoice looks at any more.
        """
        async with self._database.transaction() as session:
            invoice, statement = await self._read(session, None, invoice_id)
            shown = self.shown_number(invoice)
            if invoice.state == "void":
                raise AlreadyExists(f"invoice {shown} is void already")
            if invoice.kind == CREDIT_NOTE or statement.carried:
                raise InvalidArgument(f"{shown} owes the customer; put an adjustment on the next invoice instead")
            customer = await self._alone(session, invoice)
            if bill_again:
                await self._require_next_invoice(session, customer, shown, statement)
            now = await self._clocks.now(session, invoice.account_id)
            note = await self._credit_note(session, invoice, statement, reason, now, bill_again=bill_again)
            await self._give_back(session, invoice, statement, now, bill_again=bill_again)
            await self._change(session, actor, invoice, "void", reason)
        return note

    async def _alone(self, session: Transaction, invoice: Invoice) -> Customer | None:
        """Have nobody else change the billing of the invoice's account; of one that is deleted nobody does."""
        try:
            return await self._pricing.customer_alone(session, invoice.account_id)
        except NotFound:
            return None

    async def _require_next_invoice(
        self, session: Transaction, customer: Customer | None, shown: str, statement: Statement
    ) -> None:
        """Go on where the next invoice will find that what this one charged is not billed."""
        if customer is None:
            raise InvalidArgument(f"the account of {shown} is deleted; there is no next invoice")
        since = await self._reckoning.corrected_since(session, customer)
        forgotten = [line.period.label for line in statement.lines if line.shares and line.period.end <= since]
        if forgotten:
            raise InvalidArgument(
                f"{shown} charges usage of {forgotten[0]}, which the next invoice does not look at any more: "
                "make it void without billing it again, and put an adjustment on the next invoice"
            )

    async def _read(self, session: Transaction, account_id: str | None, invoice_id: str) -> tuple[Invoice, Statement]:
        invoice = await repository.get(session, account_id, invoice_id)
        if invoice is None:
            raise NotFound(f"invoice '{invoice_id}' does not exist")
        charges = list(await repository.charges(session, invoice_id))
        lines = [records.line_of(row, charges) for row in await repository.lines(session, invoice_id)]
        carried = next((line.amount for line in lines if line.kind == "carried"), invoice.total * 0)
        return invoice, Statement(invoice.currency, lines, invoice.subtotal, invoice.tax, invoice.total, carried)

    async def _change(self, session: Transaction, actor: Actor, invoice: Invoice, to: str, reason: str) -> None:
        before, now = {"state": invoice.state}, await self._clocks.now(session, invoice.account_id)
        invoice.state, invoice.state_reason, invoice.state_at = to, reason, now
        after = {"state": to, "reason": reason}
        audit.record(session, actor, invoice.account_id, f"invoice.{_DONE[to]}", invoice.id, before=before, after=after)

    async def _credit_note(
        self,
        session: Transaction,
        invoice: Invoice,
        statement: Statement,
        reason: str,
        now: int,
        *,
        bill_again: bool,
    ) -> Invoice:
        note = Invoice(
            **{name: getattr(invoice, name) for name in _COPIED},
            id=new_id("inv"),
            number=await repository.next_number(session, invoice.series),
            kind=CREDIT_NOTE,
            voids=invoice.id,
            subtotal=-invoice.subtotal,
            tax=-invoice.tax,
            total=-invoice.total,
            finalized_at=now,
            state="final",
            state_at=now,
            state_reason=reason,
        )
        lines = [_negative(line, keeps_charges=bill_again) for line in statement.lines]
        negative = Statement(invoice.currency, lines, note.subtotal, note.tax, note.total, statement.carried)
        await repository.add(session, note, records.line_rows(note.id, negative), records.charge_rows(note, negative))
        return note

    async def _give_back(
        self, session: Transaction, invoice: Invoice, statement: Statement, now: int, *, bill_again: bool
    ) -> None:
        for line in statement.lines:
            if line.kind == "credit":
                reason = f"{line.reason} (given back from {self.shown_number(invoice)})"[:255]
                balances.add(session, new_credit(invoice.account_id, invoice.currency, -line.amount, reason, now))
        if bill_again:
            for adjustment in await balances.adjustments_on(session, invoice.id):
                adjustment.invoice_id = None


_DONE = {"paid": "paid", "void": "voided"}
_COPIED = ("account_id", "series", "period_start", "period_end", "zone", "currency", "name", "address", "tax_id")


def _negative(line: Line, *, keeps_charges: bool) -> Line:
    shares = {key: -quantity for key, quantity in line.shares.items()} if keeps_charges else {}
    return replace(line, exact=-line.exact, amount=-line.amount, quantity=-line.quantity, shares=shares)
