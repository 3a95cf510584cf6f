"""Jobs and price plans, for operators of the installation."""

import time

from fastapi import APIRouter, Request, Response

from accounts.console.billing import prices
from accounts.console.forms import sent
from accounts.console.page_route import PageRoute
from accounts.console.pages import Pages, see_other
from accounts.finance import Finance
from accounts.jobs.service import Jobs
from accounts.operators.guard import ByOperator
from accounts.paging import MOST, PageRequest
from accounts.pricing.service import plan_of
from accounts.rest.guards import Person

JOBS, PLANS = "/console/operator/jobs", "/console/operator/plans"


def routes(pages: Pages, jobs: Jobs, finance: Finance) -> APIRouter:
    """Return the pages."""
    router = APIRouter(include_in_schema=False, route_class=PageRoute)

    @router.get(JOBS)
    async def list_jobs(request: Request, person: Person, _: ByOperator) -> Response:
        return pages.show(request, "operator-jobs.html", person, jobs=await jobs.list(), now=int(time.time()))

    @router.post(f"{JOBS}/run")
    async def run(request: Request, operator: ByOperator) -> Response:
        form = await sent(request, "job")
        await jobs.hasten(form["job"], operator.actor)
        return see_other(JOBS, note="job-hastened")

    @router.get(PLANS)
    async def list_plans(request: Request, person: Person, _: ByOperator) -> Response:
        found = await finance.pricing.page(PageRequest(MOST), public_only=False)
        plans = [(prices(plan_of(row)), row) for row in found.items]
        return pages.show(request, "operator-plans.html", person, plans=plans)

    return router
