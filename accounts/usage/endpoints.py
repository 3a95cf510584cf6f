"""REST: usage."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from accounts.rest.guards import AnyMember
from accounts.rest.late_route import LateRoute
from accounts.usage.reports import GroupBy, Question, Reports
from accounts.usage.schemas import UsageReport, UsageSettings
from accounts.usage.service import Granularity

LONGEST_TEXT = 320

Text = Annotated[str | None, Query(max_length=LONGEST_TEXT)]


def _question(
    start: Annotated[str | None, Query(alias="from", max_length=40)] = None,
    end: Annotated[str | None, Query(alias="to", max_length=40)] = None,
    granularity: Granularity = "day",
    group_by: Annotated[list[GroupBy] | None, Query(max_length=3)] = None,
    cache: Text = None,
    meter: Text = None,
    api_key: Text = None,
    token_id: Text = None,
) -> Question:
    return Question(granularity, start, end, group_by or (), cache, meter, api_key, token_id)


def routes(reports: Reports) -> APIRouter:
    """Return the endpoints for usage."""
    router = APIRouter(prefix="/v1/usage", tags=["usage"], route_class=LateRoute)

    @router.get("", response_model=UsageReport)
    async def report(member: AnyMember, question: Annotated[Question, Depends(_question)]) -> Response:
        """Tell what was used, by meter, in pieces of a minute, an hour, a day or a month of the account's time zone.

        `from` and `to` are dates or times, local where they name no zone: from the beginning of this month until now
        where they are left out. The pieces at both ends are told whole. `group_by` may be given more than once.
        """
        told = await reports.json(member.account_id, question)
        return Response(told.text, media_type="application/json")

    @router.get("/settings")
    async def settings(member: AnyMember) -> UsageSettings:
        """Tell in which time zone usage is told and billed."""
        return UsageSettings(time_zone=await reports.time_zone(member.account_id))

    @router.put("/settings")
    async def change_settings(body: UsageSettings, member: AnyMember) -> UsageSettings:
        """Have days and months begin in another time zone. What was used before is told in it as well."""
        member.require_change()
        await reports.change_time_zone(member.account_id, member.actor, body.time_zone)
        return body

    return router
