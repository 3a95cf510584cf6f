"""REST: what was billed beside what was counted elsewhere, for operators of the installation."""

from fastapi import APIRouter

from accounts.operators.guard import ByOperator
from accounts.reconciliation.schemas import ReconciliationInfo, Reconciliations
from accounts.reconciliation.service import Reconciliation
from accounts.rest.late_route import LateRoute
from accounts.rest.paging import Paging


def routes(reconciliation: Reconciliation) -> APIRouter:
    """Return the endpoint for reports."""
    router = APIRouter(prefix="/v1/admin/usage/reconciliation", tags=["operators"], route_class=LateRoute)

    @router.get("")
    async def list_reports(_: ByOperator, paging: Paging) -> Reconciliations:
        """List the hours whose usage was compared with what storage nodes and edges counted, the newest first."""
        page = await reconciliation.page(paging)
        return Reconciliations(hours=list(map(ReconciliationInfo.of, page.items)), next_token=page.next_token)

    return router
