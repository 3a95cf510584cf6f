"""REST: exports on demand. Each is streamed, however long it is."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse

from accounts.exports.charges import Charged
from accounts.exports.parquet import Parquet
from accounts.exports.rows import CountedLine, UsageRow
from accounts.exports.service import ChargeFormat, Export, Exports, UsageFormat
from accounts.exports.text import JsonLines
from accounts.exports.usage import Granularity
from accounts.invoices.models import Invoice
from accounts.rest.descriptions import file, refusals
from accounts.rest.guards import AnyMember
from accounts.rest.late_route import LateRoute

USAGE_TYPES = ("text/csv", JsonLines.media_type, Parquet.media_type)

From = Annotated[str | None, Query(alias="from", max_length=40, description="A date or a time; local without a zone.")]
To = Annotated[str | None, Query(alias="to", max_length=40, description="Where it ends; the present by default.")]


def routes(exports: Exports) -> APIRouter:
    """Return the endpoints for exports."""
    router = APIRouter(prefix="/v1/exports", tags=["billing"], route_class=LateRoute)

    @router.get("/usage", response_class=StreamingResponse, responses=file(*USAGE_TYPES) | refusals(404))
    async def usage(
        member: AnyMember,
        start: From = None,
        end: To = None,
        granularity: Granularity = "hour",
        form: Annotated[UsageFormat, Query(alias="format")] = "csv",
    ) -> StreamingResponse:
        """Export usage by cache, meter and who used it, in steps of UTC, from the beginning of this month on.

        With `cloudevents` there is one event for each line that a router counted, whatever the granularity.
        """
        first, last = await exports.times(member.account_id, start, end)
        return _streamed(exports.usage(member.account_id, first, last, granularity, form))

    @router.get("/charges", response_class=StreamingResponse, responses=file("text/csv"))
    async def charges(
        member: AnyMember,
        start: From = None,
        end: To = None,
        form: Annotated[ChargeFormat, Query(alias="format")] = "csv",
    ) -> StreamingResponse:
        """Export the charges of invoices whose months begin in a time, all of them by default."""
        first, last = (
            (None, None) if start is None and end is None else await exports.times(member.account_id, start, end)
        )
        return _streamed(await exports.charges(member.account_id, first, last, form))

    @router.get("/invoices", response_class=StreamingResponse, responses=file("text/csv"))
    async def invoices(member: AnyMember) -> StreamingResponse:
        """Export all invoices and credit notes, one a row."""
        return _streamed(exports.invoices(member.account_id))

    return router


def _streamed(export: Export[UsageRow] | Export[CountedLine] | Export[Charged] | Export[Invoice]) -> StreamingResponse:
    headers = {"content-disposition": f'attachment; filename="{export.name}"'}
    return StreamingResponse(export.stream(), media_type=export.writer.media_type, headers=headers)
