"""What goes over the REST API about the money of all accounts."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from accounts.billing.periods import iso
from accounts.invoices.models import Invoice
from accounts.invoices.schemas import InvoiceInfo
from accounts.payments.repository import Standing
from accounts.rest.money import Reason
from accounts.rest.paging import Listing
from accounts.rest.schemas import PRINTABLE, Input, Output

State = Literal["final", "paid", "void"]


class InvoiceOfAccount(InvoiceInfo):
    account_id: str

    @classmethod
    def in_account(cls, invoice: Invoice, number: str) -> "InvoiceOfAccount":
        return cls(account_id=invoice.account_id, **InvoiceInfo.of(invoice, number).model_dump())


class InvoicesOfAccounts(Listing):
    invoices: list[InvoiceOfAccount]


class Payment(Input):
    reference: Annotated[str, StringConstraints(max_length=255, pattern=PRINTABLE)] = Field(
        default="", description="Of the payment."
    )


class Voiding(Input):
    reason: Reason
    bill_again: bool = Field(
        default=False,
        strict=True,
        description="Its usage, and the adjustments on it, go to the next invoice. Refused where its usage is of a "
        "month that ended more than 65 days before the one that runs. Without it, nothing bills them again.",
    )


class CustomerLink(Input):
    customer_id: Annotated[str, StringConstraints(min_length=1, max_length=255, pattern=r"^[A-Za-z0-9_-]+$")] = Field(
        examples=["cus_NffrFeUfNV2Hib"]
    )


class CustomerInfo(Output):
    account_id: str
    customer_id: str
    since: str = Field(description="What was used before is not told.")
    told_to: str | None = Field(description="The newest hour of which something was told; null where nothing was.")
    events: int = Field(description="How many meter events were taken.")
    pending: int = Field(description="Meter events that were written down, and not taken yet.")
    refused: str | None = Field(description="Why the provider has refused an event; null where it has not.")

    @classmethod
    def of(cls, standing: Standing) -> "CustomerInfo":
        customer = standing.customer
        return cls(
            account_id=customer.account_id,
            customer_id=customer.customer_id,
            since=iso(customer.since),
            told_to=None if standing.newest_hour is None else iso(standing.newest_hour),
            events=standing.events,
            pending=standing.pending,
            refused=customer.reason or None,
        )


class Customers(Listing):
    provider: str | None = Field(description="null where none is set up.", examples=["stripe"])
    customers: list[CustomerInfo]
