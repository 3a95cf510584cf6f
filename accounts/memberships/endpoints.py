"""REST: the members of an account."""

from fastapi import APIRouter, status

from accounts.memberships.schemas import MemberChange, MemberInfo
from accounts.memberships.schemas import Members as MemberList
from accounts.memberships.service import Members
from accounts.rest.descriptions import refusals
from accounts.rest.etags import Matching, Tagging
from accounts.rest.guards import AnyMember, Person
from accounts.rest.late_route import LateRoute
from accounts.rest.paging import Paging


def routes(members: Members) -> APIRouter:
    """Return the endpoints for members."""
    router = APIRouter(prefix="/v1/members", tags=["team"], route_class=LateRoute)

    @router.get("")
    async def list_members(member: AnyMember, paging: Paging) -> MemberList:
        """List the members in the order of their e-mails."""
        page = await members.page(member.account_id, paging)
        return MemberList(members=[MemberInfo.of(each) for each in page.items], next_token=page.next_token)

    @router.get("/{user_id}")
    async def describe(user_id: str, member: AnyMember, tag: Tagging) -> MemberInfo:
        """Describe one member."""
        return tag(MemberInfo.of(await members.describe(member.account_id, user_id)))

    @router.patch("/{user_id}", responses=refusals(409))
    async def change(user_id: str, body: MemberChange, owner: Person, matching: Matching, tag: Tagging) -> MemberInfo:
        """Give a member another role. Owners alone may; an account always keeps an owner."""
        owner.require_owner()
        changed = await members.change_role(
            owner, user_id, body.role_id, lambda colleague: matching.require(MemberInfo.of(colleague))
        )
        return tag(MemberInfo.of(changed))

    @router.delete("/{user_id}", status_code=status.HTTP_204_NO_CONTENT, responses=refusals(409))
    async def remove(user_id: str, owner: Person, matching: Matching) -> None:
        """Remove a member. Their log-ins end; the keys that they made belong to the account and stay."""
        owner.require_owner()
        await members.remove(owner, user_id, lambda colleague: matching.require(MemberInfo.of(colleague)))

    return router
