"""Who works in the account: members with their roles. Invitations and what ends a membership are beside it."""

from typing import Any

from fastapi import APIRouter, Request, Response

from accounts.console.forms import beside, sent, trouble
from accounts.console.page_route import LOG_IN, PageRoute
from accounts.console.pages import NO_TROUBLE, Pages, Trouble, see_other, url
from accounts.paging import PageRequest
from accounts.people import People
from accounts.rest.guards import Person
from accounts.roles.system import DESCRIPTIONS, OWNER, SYSTEM_ROLES, VIEWER
from accounts.sessions.member import Member
from api.errors import InvalidArgument, TidingsError

TEAM = "/console/team"
REMOVE, HAND_OVER, LEAVE = f"{TEAM}/remove", f"{TEAM}/hand-over", f"{TEAM}/leave"
ROLES = tuple((role, role.capitalize()) for role in SYSTEM_ROLES)


class TeamPages:
    """The pages of the members."""

    def __init__(self, pages: Pages, people: People) -> None:
        self._pages = pages
        self._members = people.members
        self._invitations = people.invitations

    def routes(self) -> APIRouter:
        """Return the pages."""
        router = APIRouter(include_in_schema=False, route_class=PageRoute)
        router.get(TEAM)(self.open)
        router.post(f"{TEAM}/role")(self.change_role)
        router.get(REMOVE)(self.ask_to_remove)
        router.post(REMOVE)(self.remove)
        router.get(HAND_OVER)(self.ask_to_hand_over)
        router.post(HAND_OVER)(self.hand_over)
        router.post(LEAVE)(self.leave)
        return router

    async def open(self, request: Request, person: Person, after: str = "", waiting: str = "") -> Response:
        """Show the members, and the invitations that wait."""
        return await self.show(request, person, after=after, waiting=waiting)

    async def change_role(self, request: Request, person: Person) -> Response:
        """Give a member another role."""
        form = await sent(request, "member", "role_id")
        person.require_owner()
        try:
            await self._members.change_role(person, form["member"], checked_role(form["role_id"]))
        except TidingsError as error:
            return await self.show(request, person, trouble(error, {}), error.http)
        return see_other(TEAM, note="role-given")

    async def ask_to_remove(self, request: Request, person: Person, member: str) -> Response:
        """Ask whether a member is to be removed."""
        person.require_owner()
        colleague = await self._members.describe(person.account_id, member)
        return self._pages.show(request, "team-remove.html", person, colleague=colleague)

    async def remove(self, request: Request, person: Person) -> Response:
        """Remove a member."""
        form = await sent(request, "member")
        person.require_owner()
        try:
            await self._members.remove(person, form["member"])
        except TidingsError as error:
            return await self.show(request, person, trouble(error, {}), error.http)
        return see_other(TEAM, note="member-removed")

    async def ask_to_hand_over(self, request: Request, person: Person, member: str) -> Response:
        """Ask for the password with which the account is handed over."""
        return await self._hand_over(request, person, member)

    async def hand_over(self, request: Request, person: Person) -> Response:
        """Make another member the owner."""
        form = await sent(request, "member", "password")
        person.require_owner()
        try:
            await self._members.hand_over(person, form["member"], form["password"])
        except TidingsError as error:
            words = {"the password": "password", "too many tries": "password"}
            return await self._hand_over(request, person, form["member"], beside(error, words), error.http)
        return see_other(TEAM, note="handed-over")

    async def leave(self, request: Request, person: Person) -> Response:
        """Leave the account; the log-in ends with it."""
        try:
            await self._members.leave(person)
        except TidingsError as error:
            return await self.show(request, person, trouble(error, {}), error.http)
        return see_other(LOG_IN, note="left")

    async def show(
        self,
        request: Request,
        person: Member,
        wrong: Trouble = NO_TROUBLE,
        status: int = 200,
        after: str = "",
        waiting: str = "",
        **filled: Any,
    ) -> Response:
        """Show the page, with what was wrong in one of its forms and what was typed into it."""
        members = await self._members.page(person.account_id, PageRequest(next_token=after or None))
        invitations = await self._invitations.page(person.account_id, PageRequest(next_token=waiting or None))
        values: dict[str, Any] = {
            "members": members.items,
            "invitations": invitations.items,
            "begin": TEAM if after else "",
            "next": url(TEAM, after=members.next_token, waiting=waiting) if members.next_token else "",
            "waiting_begin": TEAM if waiting else "",
            "waiting_next": url(TEAM, after=after, waiting=invitations.next_token) if invitations.next_token else "",
            "form": {"email": "", "role_id": VIEWER, **filled},
        }
        return self._pages.show(
            request,
            "team.html",
            person,
            status,
            trouble=wrong,
            roles=ROLES,
            descriptions=DESCRIPTIONS,
            is_owner=person.role_id == OWNER,
            **values,
        )

    async def _hand_over(
        self, request: Request, person: Member, user_id: str, wrong: Trouble = NO_TROUBLE, status: int = 200
    ) -> Response:
        person.require_owner()
        colleague = await self._members.describe(person.account_id, user_id)
        return self._pages.show(request, "team-hand-over.html", person, status, colleague=colleague, trouble=wrong)


def checked_role(role_id: str) -> str:
    """Return a role that members can have.

    Raises:
        InvalidArgument: it is none.
    """
    if role_id not in SYSTEM_ROLES:
        raise InvalidArgument(f"there is no role '{role_id}' for members; there are {', '.join(SYSTEM_ROLES)}")
    return role_id
