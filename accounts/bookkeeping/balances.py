"""REST: credits, adjustments and the tax of one account, for operators of the installation."""

from fastapi import APIRouter, status

from accounts.balances.schemas import AdjustmentInfo, Adjustments, CreditInfo, Credits, NewBalance
from accounts.finance import Finance
from accounts.operators.guard import ByOperator
from accounts.pricing.schemas import Profile, TaxChange
from accounts.rest.late_route import LateRoute
from accounts.rest.money import decimal
from accounts.rest.paging import Paging


def routes(finance: Finance) -> APIRouter:
    """Return the endpoints for what an account has to its credit."""
    router = APIRouter(prefix="/v1/admin/accounts/{account_id}", tags=["operators"], route_class=LateRoute)
    balances, profiles = finance.balances, finance.profiles

    @router.get("/credits")
    async def list_credits(account_id: str, _: ByOperator, paging: Paging) -> Credits:
        """List credits of an account, the oldest first."""
        page = await balances.credits(account_id, paging)
        return Credits(credits=[CreditInfo.of(row) for row in page.items], next_token=page.next_token)

    @router.post("/credits", status_code=status.HTTP_201_CREATED)
    async def grant(account_id: str, body: NewBalance, operator: ByOperator) -> CreditInfo:
        """Give an account a credit, which its next invoices use up. The reason stands on them."""
        amount = decimal(body.amount)
        return CreditInfo.of(await balances.grant(account_id, operator.actor, body.currency, amount, body.reason))

    @router.get("/adjustments")
    async def list_adjustments(account_id: str, _: ByOperator, paging: Paging) -> Adjustments:
        """List amounts that were put on invoices of an account, the oldest first."""
        page = await balances.adjustments(account_id, paging)
        return Adjustments(adjustments=[AdjustmentInfo.of(row) for row in page.items], next_token=page.next_token)

    @router.post("/adjustments", status_code=status.HTTP_201_CREATED)
    async def adjust(account_id: str, body: NewBalance, operator: ByOperator) -> AdjustmentInfo:
        """Put an amount on an account's next invoice, with its reason; a negative one is for the customer."""
        amount = decimal(body.amount)
        return AdjustmentInfo.of(await balances.adjust(account_id, operator.actor, body.currency, amount, body.reason))

    @router.put("/tax")
    async def tax(account_id: str, body: TaxChange, operator: ByOperator) -> Profile:
        """Have an account's invoices bear a tax from now on."""
        return Profile.of(await profiles.change(account_id, operator.actor, body.changes()))

    return router
