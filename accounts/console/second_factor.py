"""The second factor of a log-in: given to an authenticator, confirmed with a code of it, and taken away again."""

import re
from typing import Final

from fastapi import APIRouter, Request, Response

from accounts.console.forms import beside, sent
from accounts.console.page_route import PageRoute
from accounts.console.pages import NO_TROUBLE, Pages, Trouble, see_other
from accounts.console.qr import picture
from accounts.console.security import PATH, SecurityPage
from accounts.people import People
from accounts.rest.guards import Person
from accounts.second_factors import codes
from accounts.sessions.member import Member
from api.errors import InvalidArgument, TidingsError

FACTOR = f"{PATH}/second-factor"
_SECRET: Final = re.compile(r"[A-Z2-7]{16,64}")
_BEGIN = {"the password": "factor_password", "too many tries": "factor_password"}
_CONFIRM = {"the code": "code"}
_RENEW = {"the password": "renew_password", "too many tries": "renew_password", "the code": "renew_code"}
_REMOVE = {"the password": "remove_password", "too many tries": "remove_password", "the code": "remove_code"}


class SecondFactorPages:
    """The pages of the second factor; its state is shown on the page of security."""

    def __init__(self, pages: Pages, people: People, security: SecurityPage) -> None:
        self._pages = pages
        self._users = people.users
        self._second_factors = people.second_factors
        self._security = security

    def routes(self) -> APIRouter:
        """Return the pages."""
        router = APIRouter(include_in_schema=False, route_class=PageRoute)
        router.post(FACTOR)(self.begin)
        router.post(f"{FACTOR}/confirm")(self.confirm)
        router.post(f"{FACTOR}/codes")(self.renew)
        router.post(f"{FACTOR}/remove")(self.remove)
        return router

    async def begin(self, request: Request, person: Person) -> Response:
        """Make a secret for an authenticator, and show it."""
        form = await sent(request, "factor_password")
        try:
            begun = await self._second_factors.begin(person, form["factor_password"])
        except TidingsError as error:
            return await self._security.show(request, person, beside(error, _BEGIN), error.http)
        return await self._secret(request, person, begun.secret)

    async def confirm(self, request: Request, person: Person) -> Response:
        """Take a first code, and show the recovery codes."""
        form = await sent(request, "code", "secret")
        try:
            made = await self._second_factors.confirm(person, form["code"])
        except TidingsError as error:
            return await self._secret(request, person, form["secret"], beside(error, _CONFIRM), error.http)
        return self._codes(request, person, made, "The second factor is on")

    async def renew(self, request: Request, person: Person) -> Response:
        """Make new recovery codes, and show them."""
        form = await sent(request, "renew_password", "renew_code")
        try:
            made = await self._second_factors.renew_codes(person, form["renew_password"], form["renew_code"])
        except TidingsError as error:
            return await self._security.show(request, person, beside(error, _RENEW), error.http)
        return self._codes(request, person, made, "New recovery codes")

    async def remove(self, request: Request, person: Person) -> Response:
        """Do without a second factor."""
        form = await sent(request, "remove_password", "remove_code")
        try:
            await self._second_factors.remove(person, form["remove_password"], form["remove_code"])
        except TidingsError as error:
            return await self._security.show(request, person, beside(error, _REMOVE), error.http)
        return see_other(PATH, note="factor-removed")

    async def _secret(
        self, request: Request, person: Member, secret: str, wrong: Trouble = NO_TROUBLE, status: int = 200
    ) -> Response:
        """Show a secret as text, link and picture; it comes back with the form, for it is not told twice."""
        if not _SECRET.fullmatch(secret):
            raise InvalidArgument("the form has no secret of ours; set the second factor up from the beginning")
        uri = codes.uri(secret, (await self._users.get(person.user_id)).email)
        return self._pages.show(
            request, "second-factor.html", person, status, secret=secret, uri=uri, qr=picture(uri), trouble=wrong
        )

    def _codes(self, request: Request, person: Member, made: list[str], headline: str) -> Response:
        return self._pages.show(request, "recovery-codes.html", person, codes=made, headline=headline)
