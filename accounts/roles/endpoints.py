"""REST: roles."""

from collections.abc import Mapping, Sequence

from fastapi import APIRouter, status

from accounts.paging import PageRequest
from accounts.permissions import rules
from accounts.rest.descriptions import refusals
from accounts.rest.etags import Matching, Tagging
from accounts.rest.guards import AnyMember
from accounts.rest.late_route import LateRoute
from accounts.rest.paging import Paging
from accounts.roles.models import Role
from accounts.roles.schemas import NewRole, RoleChange, RoleInfo
from accounts.roles.schemas import Roles as RoleList
from accounts.roles.service import Roles, Wanted
from accounts.roles.system import SYSTEM_ROLES
from api.errors import PermissionDenied


def routes(roles: Roles) -> APIRouter:
    """Return the endpoints for roles."""
    router = APIRouter(prefix="/v1/roles", tags=["roles"], route_class=LateRoute)

    @router.post("", status_code=status.HTTP_201_CREATED)
    async def create(body: NewRole, member: AnyMember, tag: Tagging) -> RoleInfo:
        """Make a role. Keys of it may do what one of its rules allows, and administer nothing."""
        member.require_change()
        given = rules.read(body.permissions)
        role = await roles.create(member.account_id, member.actor, body.name, body.description, given)
        return tag(RoleInfo.of(role))

    @router.get("")
    async def list_roles(member: AnyMember, paging: Paging) -> RoleList:
        """List the roles: those that every account has, then one's own in the order of their names."""
        return _page(member.account_id, await roles.list(member.account_id), paging)

    @router.get("/{role_id}")
    async def describe(role_id: str, member: AnyMember, tag: Tagging) -> RoleInfo:
        """Describe one role."""
        if role_id in SYSTEM_ROLES:
            return tag(RoleInfo.of_system(member.account_id, role_id))
        return tag(RoleInfo.of(await roles.describe(member.account_id, role_id)))

    @router.patch("/{role_id}", responses=refusals(409))
    async def change(role_id: str, body: RoleChange, member: AnyMember, matching: Matching, tag: Tagging) -> RoleInfo:
        """Change a role. Its keys have the new rights at once; subscriptions that they no longer allow end."""
        member.require_change()
        _require_own(role_id)
        wanted = Wanted(body.name, body.description, None if body.permissions is None else rules.read(body.permissions))
        role = await roles.change(
            member.account_id, member.actor, role_id, wanted, lambda role: matching.require(RoleInfo.of(role))
        )
        return tag(RoleInfo.of(role))

    @router.delete("/{role_id}", status_code=status.HTTP_204_NO_CONTENT, responses=refusals(409))
    async def delete(role_id: str, member: AnyMember, matching: Matching) -> None:
        """Delete a role. One that is in use stays, and the answer's details list what uses it."""
        member.require_change()
        _require_own(role_id)
        await roles.delete(member.account_id, member.actor, role_id, lambda role: matching.require(RoleInfo.of(role)))

    return router


def _page(account_id: str, made: Sequence[Role], asked: PageRequest) -> RoleList:
    everything = [RoleInfo.of_system(account_id, role_id) for role_id in SYSTEM_ROLES] + list(map(RoleInfo.of, made))
    places = {info.role_id: place for place, info in enumerate(everything)}
    after = asked.after(int, str, str)
    rest = everything if after is None else [info for info in everything if _position(info, places) > after]
    page = asked.page(rest, lambda info: _position(info, places))
    return RoleList(roles=list(page.items), next_token=page.next_token)


def _position(info: RoleInfo, places: Mapping[str, int]) -> tuple[int, str, str]:
    """Return where a role stands: the system's in their order, before those that were made."""
    return (places[info.role_id], "", "") if info.system else (len(SYSTEM_ROLES), info.name, info.role_id)


def _require_own(role_id: str) -> None:
    if role_id in SYSTEM_ROLES:
        raise PermissionDenied(f"every account has the role '{role_id}', and nobody changes it; make one of your own")
