"""REST: plans, invoices and payments of all accounts, for operators of the installation."""

from fastapi import APIRouter, status

from accounts.bookkeeping.schemas import (
    CustomerInfo,
    CustomerLink,
    Customers,
    InvoiceOfAccount,
    InvoicesOfAccounts,
    Payment,
    State,
    Voiding,
)
from accounts.finance import Finance
from accounts.invoices.schemas import WholeInvoice
from accounts.operators.guard import ByOperator
from accounts.pricing.schemas import NewPlan, PlanInfo, Plans, PlanVersions
from accounts.rest.descriptions import refusals
from accounts.rest.late_route import LateRoute
from accounts.rest.paging import Paging


def routes(finance: Finance) -> APIRouter:
    """Return the endpoints for the money of all accounts."""
    router = APIRouter(prefix="/v1/admin", tags=["operators"], route_class=LateRoute)
    _add_plans(router, finance)
    _add_invoices(router, finance)
    _add_payments(router, finance)
    return router


def _add_plans(router: APIRouter, finance: Finance) -> None:
    pricing = finance.pricing

    @router.get("/plans")
    async def list_plans(_: ByOperator, paging: Paging) -> Plans:
        """List all price plans, each in its newest version."""
        page = await pricing.page(paging, public_only=False)
        return Plans(plans=[PlanInfo.of(row) for row in page.items], next_token=page.next_token)

    @router.post("/plans", status_code=status.HTTP_201_CREATED)
    async def make_plan(body: NewPlan, operator: ByOperator) -> PlanInfo:
        """Make a price plan, or the next version of one. Accounts keep the version that they have."""
        return PlanInfo.of(await pricing.make(operator.actor, body.plan(), public=body.public))

    @router.get("/plans/{plan_id}")
    async def plan_versions(plan_id: str, _: ByOperator) -> PlanVersions:
        """Show all versions of a plan, the oldest first."""
        return PlanVersions(plans=[PlanInfo.of(row) for row in await pricing.versions(plan_id)])


def _add_invoices(router: APIRouter, finance: Finance) -> None:
    invoices = finance.invoices

    @router.get("/invoices")
    async def list_invoices(
        _: ByOperator, paging: Paging, state: State | None = None, account_id: str | None = None
    ) -> InvoicesOfAccounts:
        """List invoices and credit notes of all accounts or of one, the newest first."""
        page = await invoices.page(account_id, paging, state)
        listed = [InvoiceOfAccount.in_account(row, invoices.shown_number(row)) for row in page.items]
        return InvoicesOfAccounts(invoices=listed, next_token=page.next_token)

    @router.get("/invoices/{invoice_id}")
    async def read_invoice(invoice_id: str, _: ByOperator) -> WholeInvoice:
        """Show an invoice of any account with its lines."""
        invoice, statement = await invoices.read(None, invoice_id)
        return WholeInvoice.whole(invoice, statement, invoices.shown_number(invoice))

    @router.post("/invoices/{invoice_id}/payment", status_code=status.HTTP_201_CREATED, responses=refusals(409))
    async def pay(invoice_id: str, body: Payment, operator: ByOperator) -> InvoiceOfAccount:
        """Note that an invoice was paid."""
        paid = await invoices.pay(invoice_id, operator.actor, body.reference)
        return InvoiceOfAccount.in_account(paid, invoices.shown_number(paid))

    @router.post("/invoices/{invoice_id}/credit-note", status_code=status.HTTP_201_CREATED, responses=refusals(409))
    async def void(invoice_id: str, body: Voiding, operator: ByOperator) -> InvoiceOfAccount:
        """Make an invoice void by a credit note, which is the answer. Credits that it had used are given back."""
        note = await invoices.void(invoice_id, operator.actor, body.reason, bill_again=body.bill_again)
        return InvoiceOfAccount.in_account(note, invoices.shown_number(note))


def _add_payments(router: APIRouter, finance: Finance) -> None:
    payments = finance.payments

    @router.get("/payment-customers")
    async def list_customers(_: ByOperator, paging: Paging) -> Customers:
        """List the accounts that the payment provider knows, and how far it was told of them."""
        page = await payments.page(paging)
        provider = None if payments.provider is None else payments.provider.name
        listed = [CustomerInfo.of(each) for each in page.items]
        return Customers(provider=provider, customers=listed, next_token=page.next_token)

    @router.put("/accounts/{account_id}/payment-customer")
    async def link(account_id: str, body: CustomerLink, operator: ByOperator) -> CustomerInfo:
        """Say which customer of the payment provider an account is; it is told what is used from this hour on."""
        await payments.link(account_id, operator.actor, body.customer_id)
        return CustomerInfo.of(await payments.read(account_id))

    @router.get("/accounts/{account_id}/payment-customer")
    async def read_customer(account_id: str, _: ByOperator) -> CustomerInfo:
        """Show which customer of the payment provider an account is, and how far it was told."""
        return CustomerInfo.of(await payments.read(account_id))

    @router.delete("/accounts/{account_id}/payment-customer", status_code=status.HTTP_204_NO_CONTENT)
    async def unlink(account_id: str, operator: ByOperator) -> None:
        """Tell the payment provider of an account no more."""
        await payments.unlink(account_id, operator.actor)
