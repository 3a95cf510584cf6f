"""What goes over the REST API about credits and adjustments."""

from pydantic import Field

from accounts.balances.models import Adjustment, Credit
from accounts.billing.money import plain
from accounts.rest.money import Amount, Currency, Reason
from accounts.rest.paging import Listing
from accounts.rest.schemas import Input, Output


class NewBalance(Input):
    amount: Amount
    currency: Currency
    reason: Reason


class CreditInfo(Output):
    credit_id: str
    amount: str
    left: str
    currency: str
    reason: str
    created_at_epoch_seconds: int

    @classmethod
    def of(cls, row: Credit) -> "CreditInfo":
        return cls(
            credit_id=row.id,
            amount=plain(row.amount),
            left=plain(row.left),
            currency=row.currency,
            reason=row.reason,
            created_at_epoch_seconds=row.created_at,
        )


class Credits(Listing):
    credits: list[CreditInfo]


class AdjustmentInfo(Output):
    adjustment_id: str
    amount: str
    currency: str
    reason: str
    invoice_id: str | None = Field(description="Where it went; null until the next invoice.")
    created_at_epoch_seconds: int

    @classmethod
    def of(cls, row: Adjustment) -> "AdjustmentInfo":
        return cls(
            adjustment_id=row.id,
            amount=plain(row.amount),
            currency=row.currency,
            reason=row.reason,
            invoice_id=row.invoice_id,
            created_at_epoch_seconds=row.created_at,
        )


class Adjustments(Listing):
    adjustments: list[AdjustmentInfo]
