"""REST: what a message would cost, and what the month will."""

from fastapi import APIRouter

from accounts.estimates.schemas import EstimateInfo, EstimateRequest, ForecastInfo
from accounts.estimates.service import Estimates
from accounts.invoices.forecasting import Forecasts
from accounts.rest.descriptions import refusals
from accounts.rest.guards import AnyMember
from accounts.rest.late_route import LateRoute


def routes(estimates: Estimates, forecasts: Forecasts) -> APIRouter:
    """Return the endpoints for estimates."""
    router = APIRouter(prefix="/v1", tags=["billing"], route_class=LateRoute)

    @router.post("/estimate", responses=refusals(404))
    async def estimate(body: EstimateRequest, member: AnyMember) -> EstimateInfo:
        """Tell what messages would cost: chunks of 1 KiB, published once and delivered to each subscriber."""
        return EstimateInfo.of(await estimates.estimate(member.account_id, body.asked()))

    @router.get("/billing/forecast")
    async def forecast(member: AnyMember) -> ForecastInfo:
        """Tell what the month will have cost at its end, if it goes on as in the last seven days."""
        return ForecastInfo.of(await forecasts.month(member.account_id))

    return router
