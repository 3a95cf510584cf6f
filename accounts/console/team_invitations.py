"""Invitations as their senders see them: sent, sent again, taken back. Who is invited has a page beside the log-in."""

from fastapi import APIRouter, Request, Response

from accounts.console.forms import sent, trouble
from accounts.console.page_route import PageRoute
from accounts.console.pages import Pages, see_other, url
from accounts.console.team import TEAM, TeamPages, checked_role
from accounts.invitations.service import VALID_DAYS
from accounts.people import People
from accounts.rest.guards import Person
from api.errors import TidingsError

_FIELDS = {
    "the e-mail": "email",
    "somebody with the e-mail": "email",
    "there is no role": "role_id",
}


class InvitationPages:
    """What the forms for invitations do."""

    def __init__(self, pages: Pages, people: People, team: TeamPages) -> None:
        self._pages = pages
        self._invitations = people.invitations
        self._sends_mails = people.sends_mails
        self._team = team

    def routes(self) -> APIRouter:
        """Return the pages."""
        router = APIRouter(include_in_schema=False, route_class=PageRoute)
        router.post(f"{TEAM}/invite")(self.invite)
        router.post(f"{TEAM}/take-back")(self.take_back)
        return router

    async def invite(self, request: Request, person: Person) -> Response:
        """Invite somebody, or do it once more. Without a mail server the owner is shown what to pass on."""
        form = await sent(request, "email", "role_id")
        person.require_owner()
        try:
            person.require_confirmed()
            made = await self._invitations.invite(person, form["email"], checked_role(form["role_id"]))
        except TidingsError as error:
            return await self._team.show(request, person, trouble(error, _FIELDS), error.http, **form)
        if self._sends_mails:
            return see_other(TEAM, note="invited")
        link = str(request.base_url).rstrip("/") + url("/invitation", token=made.token)
        return self._pages.show(
            request, "team-invited.html", person, invitation=made.invitation, link=link, days=VALID_DAYS
        )

    async def take_back(self, request: Request, person: Person) -> Response:
        """Make an invitation useless."""
        form = await sent(request, "invitation")
        person.require_owner()
        await self._invitations.take_back(person, form["invitation"])
        return see_other(TEAM, note="taken-back")
