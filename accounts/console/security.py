"""What protects somebody's own log-in: the password, and the log-ins that are open. The second factor is beside it."""

from typing import Any

from fastapi import APIRouter, Request, Response

from accounts.console.forms import beside, sent
from accounts.console.page_route import PageRoute
from accounts.console.pages import NO_TROUBLE, Pages, Trouble, see_other, url
from accounts.paging import PageRequest
from accounts.people import People
from accounts.rest.guards import Person
from accounts.sessions.member import Member
from api.errors import PermissionDenied, TidingsError

PATH = "/console/security"
_PASSWORD = {"a password": "new_password", "the password": "password", "too many tries": "password"}


class SecurityPage:
    """The page of a person's own log-in."""

    def __init__(self, pages: Pages, people: People) -> None:
        self._pages = pages
        self._users = people.users
        self._sessions = people.sessions
        self._second_factors = people.second_factors

    def routes(self) -> APIRouter:
        """Return the page, and what its forms do."""
        router = APIRouter(include_in_schema=False, route_class=PageRoute)
        router.get(PATH)(self.open)
        router.post(f"{PATH}/password")(self.change_password)
        router.post(f"{PATH}/sessions/end")(self.end_session)
        router.post(f"{PATH}/sessions/end-others")(self.end_others)
        return router

    async def open(self, request: Request, person: Person, after: str = "") -> Response:
        """Show the page."""
        return await self.show(request, person, after=after)

    async def change_password(self, request: Request, person: Person) -> Response:
        """Change the password; every other log-in ends."""
        form = await sent(request, "password", "new_password")
        try:
            await self._users.change_password(person, form["password"], form["new_password"])
        except TidingsError as error:
            return await self.show(request, person, beside(error, _PASSWORD), error.http)
        return see_other(PATH, note="password-changed")

    async def end_session(self, request: Request, person: Person) -> Response:
        """End one log-in."""
        form = await sent(request, "session")
        await self._sessions.revoke(person, form["session"])
        return see_other(PATH, note="session-ended")

    async def end_others(self, request: Request, person: Person) -> Response:
        """End all log-ins but this one."""
        await self._sessions.revoke_others(person)
        return see_other(PATH, note="sessions-ended")

    async def show(
        self, request: Request, person: Member, wrong: Trouble = NO_TROUBLE, status: int = 200, after: str = ""
    ) -> Response:
        """Show the page, with what was wrong in one of its forms."""
        if not person.user_id:
            raise PermissionDenied("you look at an account for the installation; your own log-in is not shown with it")
        listed = await self._sessions.page(person.user_id, PageRequest(next_token=after or None))
        user = await self._users.get(person.user_id)
        values: dict[str, Any] = {
            "sessions": listed.items,
            "begin": PATH if after else "",
            "next": url(PATH, after=listed.next_token) if listed.next_token else "",
        }
        factor = await self._second_factors.state(person.user_id)
        return self._pages.show(
            request, "security.html", person, status, email=user.email, factor=factor, trouble=wrong, **values
        )
