"""REST: credits and adjustments, as their account sees them."""

from fastapi import APIRouter

from accounts.balances.schemas import AdjustmentInfo, Adjustments, CreditInfo, Credits
from accounts.balances.service import Balances
from accounts.rest.guards import AnyMember
from accounts.rest.late_route import LateRoute
from accounts.rest.paging import Paging


def routes(balances: Balances) -> APIRouter:
    """Return the endpoints for balances."""
    router = APIRouter(prefix="/v1/billing", tags=["billing"], route_class=LateRoute)

    @router.get("/credits")
    async def list_credits(member: AnyMember, paging: Paging) -> Credits:
        """List credits, the oldest first, which is the order in which they are used."""
        page = await balances.credits(member.account_id, paging)
        return Credits(credits=[CreditInfo.of(row) for row in page.items], next_token=page.next_token)

    @router.get("/adjustments")
    async def list_adjustments(member: AnyMember, paging: Paging) -> Adjustments:
        """List amounts that operators have put on invoices, the oldest first."""
        page = await balances.adjustments(member.account_id, paging)
        return Adjustments(adjustments=[AdjustmentInfo.of(row) for row in page.items], next_token=page.next_token)

    return router
