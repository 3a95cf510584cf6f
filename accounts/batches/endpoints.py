"""REST: the batches that usage was counted in."""

from typing import Annotated

from fastapi import APIRouter, Query

from accounts.batches.listing import Listing
from accounts.batches.schemas import BatchInfo, BatchList
from accounts.rest.guards import AnyMember
from accounts.rest.late_route import LateRoute
from accounts.rest.paging import Paging
from accounts.usage.reports import GroupBy, Reports


def routes(listing: Listing, reports: Reports) -> APIRouter:
    """Return the endpoints for batches."""
    router = APIRouter(prefix="/v1/usage", tags=["usage"], route_class=LateRoute)

    @router.get("/batches")
    async def batches(
        member: AnyMember,
        paging: Paging,
        start: Annotated[str, Query(alias="from", max_length=40)],
        end: Annotated[str, Query(alias="to", max_length=40)],
        group_by: Annotated[list[GroupBy] | None, Query(max_length=3)] = None,
    ) -> BatchList:
        """Show what routers counted in a time, no longer than a day, in the batches in which they said so.

        The usage of all batches adds up to that of `/v1/usage` for the same minutes. `group_by` may be given more than
        once.
        """
        first, last = await reports.minutes(member.account_id, start, end)
        by = {"cache" if name == "cache" else "principal" for name in group_by or ()}
        found = await listing.sources(member.account_id, first, last, by, paging)
        shown = [BatchInfo.of(source, found.cache_names) for source in found.page.items]
        return BatchList(batches=shown, next_token=found.page.next_token)

    return router
