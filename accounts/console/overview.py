"""The first page after a log-in: what the account does in this hour and costs in this month, and where to go on."""

from typing import Any

from fastapi import APIRouter, Request, Response

from accounts.caches.service import Caches
from accounts.console import usage
from accounts.console.billing import allowances, costs
from accounts.console.page_route import PageRoute
from accounts.console.pages import Pages
from accounts.finance import Finance
from accounts.keys.service import Keys
from accounts.paging import MOST, PageRequest
from accounts.rest.guards import Person
from accounts.usage.reports import Question, Report, Reports

RECENT_SECONDS = 5 * 60


class OverviewPages:
    """The overview, and the part of it that is fetched anew while somebody looks."""

    def __init__(self, pages: Pages, caches: Caches, keys: Keys, reports: Reports, finance: Finance) -> None:
        self._pages = pages
        self._caches = caches
        self._keys = keys
        self._reports = reports
        self._invoices = finance.invoices
        self._pricing = finance.pricing

    def routes(self) -> APIRouter:
        """Return the pages."""
        router = APIRouter(include_in_schema=False, route_class=PageRoute)
        router.get("/console")(self.overview)
        router.get("/console/live")(self.live)
        return router

    async def overview(self, request: Request, person: Person) -> Response:
        """Show the overview."""
        found = await self._caches.list(person.account_id)
        keys = await self._keys.page(person.account_id, PageRequest(MOST))
        month = await self._reports.report(person.account_id, Question("month"))
        days = await self._reports.report(person.account_id, usage.question("month"))
        draft = await self._invoices.draft(person.account_id)
        return self._pages.show(
            request,
            "overview.html",
            person,
            caches=len(found),
            newest=sorted(found, key=lambda cache: cache.created_at, reverse=True)[:5],
            keys=f"{len(keys.items)}{'+' if keys.next_token else ''}",
            operations=_sum(month, "operations"),
            costs=costs(draft),
            allowances=allowances(draft, await self._pricing.held_by(person.account_id)),
            days=usage.chart(days, "month", "operations"),
            refusals=usage.refusals(month.rows),
            **await self._hour(person.account_id),
        )

    async def live(self, request: Request, person: Person) -> Response:
        """Show the last hour alone."""
        return self._pages.show(request, "overview-live.html", person, **await self._hour(person.account_id))

    async def _hour(self, account_id: str) -> dict[str, Any]:
        hour = await self._reports.report(account_id, usage.question("hour"))
        since = hour.end.timestamp() - RECENT_SECONDS  # local times are no good for it when clocks are changed
        recent = [row for row in hour.rows if row.start.timestamp() >= since]
        rates = {
            meter: sum(row.counts.messages for row in recent if row.meter == meter) / RECENT_SECONDS
            for meter in usage.COUNTED
        }
        peaks = [row.counts.peak for row in recent if row.meter == "concurrency"]
        return {"hour": usage.chart(hour, "hour", "messages"), "rates": rates, "subscriptions": max(peaks, default=0)}


def _sum(report: Report, measure: str) -> int:
    return sum(getattr(row.counts, measure) for row in report.rows if row.meter in usage.COUNTED)
