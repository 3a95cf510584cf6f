"""REST: the test clock of an account."""

from fastapi import APIRouter

from accounts.clocks.schemas import ClockInfo, ClockTurn
from accounts.clocks.turning import TestClocks
from accounts.rest.descriptions import refusals
from accounts.rest.guards import AnyMember
from accounts.rest.late_route import LateRoute
from api.errors import NotFound, PermissionDenied


def routes(clocks: TestClocks, *, anybody: bool) -> APIRouter:
    """Return the endpoints for test clocks. Unless `anybody` may have one, operators give them out."""
    router = APIRouter(prefix="/v1/test-clock", tags=["billing"], route_class=LateRoute)

    @router.get("", responses=refusals(404))
    async def read(member: AnyMember) -> ClockInfo:
        """Tell where the account's test clock stands."""
        now = await clocks.read(member.account_id)
        if now is None:
            raise NotFound("the account has no test clock")
        return ClockInfo(now=now, invoices=[])

    @router.post("")
    async def turn(body: ClockTurn, member: AnyMember) -> ClockInfo:
        """Turn the account's test clock, or make it one; the months that it passes are closed before the answer."""
        member.require_change()
        if not anybody and await clocks.read(member.account_id) is None:
            raise PermissionDenied(
                "an operator of the installation gives an account its test clock; then it may turn it"
            )
        made = await clocks.turn(member.account_id, member.actor, body.now)
        return ClockInfo(now=body.now, invoices=[invoice.id for invoice in made])

    return router
