"""REST: the limits of an account."""

from fastapi import APIRouter

from accounts.limits.schemas import LimitInfo, LimitsChange, LimitsInfo
from accounts.limits.service import AccountLimits
from accounts.rest.guards import AnyMember
from accounts.rest.late_route import LateRoute
from accounts.roles.system import OWNER
from accounts.sessions.member import Member
from api.errors import PermissionDenied


def routes(limits: AccountLimits) -> APIRouter:
    """Return the endpoints for limits."""
    router = APIRouter(prefix="/v1/limits", tags=["limits"], route_class=LateRoute)

    async def told(account_id: str) -> LimitsInfo:
        return LimitsInfo(limits=[LimitInfo.of(standing) for standing in await limits.standings(account_id)])

    @router.get("")
    async def show(member: AnyMember) -> LimitsInfo:
        """Tell each limit, where it comes from, how far it can be raised, and how much of it is used."""
        return await told(member.account_id)

    @router.patch("")
    async def change(body: LimitsChange, member: AnyMember) -> LimitsInfo:
        """Raise or lower limits, up to the hard ones. They hold within a second; what is open stays open."""
        require_owner(member)
        await limits.change(member.account_id, member.actor, body.wanted())
        return await told(member.account_id)

    return router


def require_owner(member: Member) -> None:
    """Go on where the member owns the account.

    Raises:
        PermissionDenied: what an account may use is for its owner to say.
    """
    if member.role_id != OWNER:
        raise PermissionDenied("only an owner of the account may change its limits")
