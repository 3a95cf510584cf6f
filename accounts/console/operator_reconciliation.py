"""What was billed beside what was counted elsewhere, hour by hour, for operators of the installation."""

from fastapi import APIRouter, Request, Response

from accounts.console.page_route import PageRoute
from accounts.console.pages import Pages, url
from accounts.operators.guard import ByOperator
from accounts.paging import PageRequest
from accounts.reconciliation.schemas import ReconciliationInfo
from accounts.reconciliation.service import Reconciliation
from accounts.rest.guards import Person
from backplane.witnesses import HOUR_SECONDS

RECONCILIATION = "/console/operator/reconciliation"
HOURS = 24


def routes(pages: Pages, reconciliation: Reconciliation) -> APIRouter:
    """Return the page."""
    router = APIRouter(include_in_schema=False, route_class=PageRoute)

    @router.get(RECONCILIATION)
    async def show(request: Request, person: Person, _: ByOperator, after: str = "") -> Response:
        page = await reconciliation.page(PageRequest(HOURS, after or None))
        hours = [(report.hour * HOUR_SECONDS, ReconciliationInfo.of(report)) for report in page.items]
        return pages.show(
            request,
            "operator-reconciliation.html",
            person,
            hours=hours,
            begin=RECONCILIATION if after else "",
            next=url(RECONCILIATION, after=page.next_token) if page.next_token else "",
        )

    return router
