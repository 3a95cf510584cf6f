"""The account itself: its name and time zone, the others that one belongs to, and its end."""

from typing import Any

from fastapi import APIRouter, Request, Response

from accounts.administration.service import Administration
from accounts.console.forms import beside, sent, trouble
from accounts.console.page_route import LOG_IN, PageRoute
from accounts.console.pages import NO_TROUBLE, Pages, Trouble, see_other, url
from accounts.paging import PageRequest
from accounts.people import People
from accounts.rest.guards import Person
from accounts.roles.system import OWNER
from accounts.sessions.member import Member
from accounts.tenants.models import Account
from accounts.usage.reports import Reports
from api.errors import TidingsError

PATH = "/console/account"
NOT_THE_NAME = "This is not the account's name; type it as it is written above."
_PASSWORD = {"the password": "password", "too many tries": "password"}


class AccountPages:
    """The page of an account's settings."""

    def __init__(self, pages: Pages, people: People, reports: Reports, administration: Administration) -> None:
        self._pages = pages
        self._users = people.users
        self._sessions = people.sessions
        self._tenants = people.tenants
        self._reports = reports
        self._administration = administration

    def routes(self) -> APIRouter:
        """Return the page, and what its forms do."""
        router = APIRouter(include_in_schema=False, route_class=PageRoute)
        router.get(PATH)(self.open)
        router.post(f"{PATH}/name")(self.rename)
        router.post(f"{PATH}/time-zone")(self.change_time_zone)
        router.post(f"{PATH}/switch")(self.switch)
        router.post(f"{PATH}/new")(self.create)
        router.post(f"{PATH}/confirmation")(self.ask_to_confirm)
        router.post(f"{PATH}/delete")(self.delete)
        return router

    async def open(self, request: Request, person: Person, after: str = "") -> Response:
        """Show the settings."""
        return await self._show(request, person, after=after)

    async def rename(self, request: Request, person: Person) -> Response:
        """Give the account another name."""
        form = await sent(request, "name")
        person.require_change()
        try:
            await self._tenants.rename(person, form["name"])
        except TidingsError as error:
            return await self._show(request, person, trouble(error, {"an account's name": "name"}), error.http, **form)
        return see_other(PATH, note="renamed")

    async def change_time_zone(self, request: Request, person: Person) -> Response:
        """Have days and months begin in another time zone."""
        form = await sent(request, "time_zone")
        person.require_change()
        try:
            await self._reports.change_time_zone(person.account_id, person.actor, form["time_zone"].strip())
        except TidingsError as error:
            return await self._show(request, person, trouble(error, {"'": "time_zone"}), error.http, **form)
        return see_other(PATH, note="zone-changed")

    async def switch(self, request: Request, person: Person) -> Response:
        """Work in another account."""
        form = await sent(request, "account")
        await self._sessions.switch(person, form["account"])
        return see_other(PATH, note="switched")

    async def create(self, request: Request, person: Person) -> Response:
        """Make another account, and work in it."""
        form = await sent(request, "new_name")
        try:
            person.require_confirmed()
            await self._tenants.create(person, form["new_name"])
        except TidingsError as error:
            wrong = trouble(error, {"an account's name": "new_name"})
            return await self._show(request, person, wrong, error.http, **form)
        return see_other(PATH, note="account-made")

    async def ask_to_confirm(self, person: Person) -> Response:
        """Send the mail that confirms one's e-mail."""
        await self._users.ask_to_confirm(person)
        return see_other(PATH, note="confirmation-sent")

    async def delete(self, request: Request, person: Person) -> Response:
        """Delete the account, whose name was typed once more, and the password with it."""
        form = await sent(request, "confirmation", "password")
        person.require_owner()
        account = await self._tenants.describe(person.account_id)
        typed = form["confirmation"]
        if typed.strip() != account.name:
            wrong = Trouble(fields={"confirmation": NOT_THE_NAME})
            return await self._show(request, person, wrong, 400, confirmation=typed)
        try:
            await self._users.require_password(person, form["password"])
            await self._administration.delete(account.id, person.actor)
        except TidingsError as error:
            return await self._show(request, person, beside(error, _PASSWORD), error.http, confirmation=typed)
        return see_other(LOG_IN, note="account-deleted")

    async def _show(
        self,
        request: Request,
        person: Member,
        wrong: Trouble = NO_TROUBLE,
        status: int = 200,
        after: str = "",
        **filled: str,
    ) -> Response:
        account = await self._tenants.describe(person.account_id)
        listed = await self._tenants.page(person.user_id, PageRequest(next_token=after or None))
        values: dict[str, Any] = {"form": {**_filled(account), **filled}, "trouble": wrong}
        return self._pages.show(
            request,
            "account.html",
            person,
            status,
            account=account,
            belongings=listed.items,
            is_owner=person.role_id == OWNER,
            begin=PATH if after else "",
            next=url(PATH, after=listed.next_token) if listed.next_token else "",
            **values,
        )


def _filled(account: Account) -> dict[str, str]:
    return {"name": account.name, "time_zone": account.time_zone, "new_name": "", "confirmation": ""}
