"""Tells people and programs of what happens with an account's money: by mail, and by webhooks."""

from accounts import audit
from accounts.audit import SYSTEM
from accounts.billing.money import plain, rounded
from accounts.billing.periods import iso
from accounts.billing_webhooks.service import INVOICE_FINALIZED, THRESHOLD_REACHED, BillingWebhooks
from accounts.budgets.models import Budget
from accounts.database import Transaction
from accounts.invoices.models import Invoice
from accounts.mail.service import Mails
from accounts.memberships import repository as memberships
from accounts.pricing.service import Customer


class Notices:
    """Writes notices in the transaction that they tell of; they go out when it is committed."""

    def __init__(self, hooks: BillingWebhooks, mails: Mails) -> None:
        self._hooks = hooks
        self._mails = mails

    async def threshold(self, session: Transaction, customer: Customer, row: Budget, percent: int) -> None:
        """Tell that a budget has reached a percentage."""
        spent = plain(rounded(row.spent, row.currency))
        data = {
            "budget_id": row.id,
            "name": row.name,
            "percent": percent,
            "spent": spent,
            "amount": plain(row.amount),
            "currency": row.currency,
            "mode": row.mode,
            "period_start": iso(row.period_start),
        }
        audit.record(session, SYSTEM, row.account_id, "budget.threshold_reached", row.id, after=data)
        await self._hooks.tell(session, row.account_id, THRESHOLD_REACHED, data)
        for recipient in await self._recipients(session, customer):
            self._mails.add(session, recipient, "budget-threshold", **data)

    async def invoice(self, session: Transaction, invoice: Invoice, number: str) -> None:
        """Tell that an invoice is final."""
        data = {
            "invoice_id": invoice.id,
            "number": number,
            "kind": invoice.kind,
            "total": plain(invoice.total),
            "currency": invoice.currency,
            "state": invoice.state,
            "period_start": iso(invoice.period_start),
            "period_end": iso(invoice.period_end),
            "url": f"/v1/invoices/{invoice.id}",
        }
        await self._hooks.tell(session, invoice.account_id, INVOICE_FINALIZED, data)

    async def _recipients(self, session: Transaction, customer: Customer) -> list[str]:
        if customer.profile.email:
            return [customer.profile.email]
        return list(await memberships.emails_of_owners(session, customer.account_id))
