"""REST: gaps."""

from typing import Annotated

from fastapi import APIRouter, Query

from accounts.gaps.repository import Sought
from accounts.gaps.schemas import GapInfo, GapList
from accounts.gaps.service import Gaps
from accounts.rest.guards import AnyMember
from accounts.rest.late_route import LateRoute
from accounts.rest.paging import Paging
from accounts.rest.schemas import PRINTABLE
from accounts.usage.calendar import zone
from accounts.usage.reports import Reports, minute_of
from api.gaps import Cause

Name = Annotated[str | None, Query(max_length=255, pattern=PRINTABLE)]
Time = Annotated[str | None, Query(max_length=40, description="A date or a time; local without a zone.")]


def routes(gaps: Gaps, reports: Reports) -> APIRouter:
    """Return the endpoint."""
    router = APIRouter(prefix="/v1/gaps", tags=["caches"], route_class=LateRoute)

    @router.get("")
    async def list_gaps(
        member: AnyMember,
        paging: Paging,
        cache: Name = None,
        topic: Name = None,
        cause: Cause | None = None,
        start: Annotated[Time, Query(alias="from")] = None,
        end: Annotated[Time, Query(alias="to")] = None,
    ) -> GapList:
        """List what subscribers were told to have missed, by minute, topic and cause, the newest first.

        At most 50 topics of an account are told apart in a minute on each router; the gaps of the others are in rows
        without a cache, a topic and numbers.
        """
        in_zone = zone(await reports.time_zone(member.account_id))
        sought = Sought(
            member.account_id,
            cache,
            topic,
            cause,
            None if start is None else minute_of("from", start, in_zone),
            None if end is None else minute_of("to", end, in_zone),
        )
        page = await gaps.page(sought, paging)
        return GapList(gaps=[GapInfo.of(each) for each in page.items], next_token=page.next_token)

    return router
