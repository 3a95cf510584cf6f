"""API keys: the list, a new one that is shown this once, and the end of one."""

from datetime import UTC, datetime, timedelta

from fastapi import APIRouter, Request, Response

from accounts.console.forms import sent, trouble
from accounts.console.page_route import PageRoute
from accounts.console.pages import NO_TROUBLE, Pages, Trouble, see_other, url
from accounts.keys.service import Keys
from accounts.paging import PageRequest
from accounts.rest.guards import Person
from accounts.roles.service import Roles
from accounts.roles.system import OPERATOR, OWNER, VIEWER
from accounts.sessions.member import Member
from api.errors import InvalidArgument, TidingsError

LIST, NEW, REVOKE = "/console/keys", "/console/keys/new", "/console/keys/revoke"
LONGEST_DESCRIPTION = 255
SYSTEM = (
    (OWNER, "Owner", "Publishes and subscribes everywhere, and administers the account."),
    (OPERATOR, "Operator", "The same, but makes no owner's key."),
    (VIEWER, "Viewer", "Subscribes to every topic; changes and publishes nothing."),
)
EXPIRIES = (("", "Never"), ("1", "In a day"), ("30", "In 30 days"), ("90", "In 90 days"), ("365", "In a year"))
_FIELDS = {"there is no role": "role", "expiry": "expiry", "the description": "description"}


class KeyPages:
    """The pages of API keys."""

    def __init__(self, pages: Pages, keys: Keys, roles: Roles) -> None:
        self._pages = pages
        self._keys = keys
        self._roles = roles

    def routes(self) -> APIRouter:
        """Return the pages."""
        router = APIRouter(include_in_schema=False, route_class=PageRoute)
        router.get(LIST)(self.list)
        router.get(NEW)(self.new)
        router.post(NEW)(self.create)
        router.get(REVOKE)(self.ask)
        router.post(REVOKE)(self.revoke)
        return router

    async def list(self, request: Request, person: Person, after: str = "") -> Response:
        """Show the keys in force."""
        page = await self._keys.page(person.account_id, PageRequest(next_token=after or None))
        names = {role.id: role.name for role in await self._roles.list(person.account_id)}
        return self._pages.show(
            request,
            "keys.html",
            person,
            keys=[(key, names.get(key.role_id, key.role_id or "its own permissions")) for key in page.items],
            begin=LIST if after else "",
            next=url(LIST, after=page.next_token) if page.next_token else "",
        )

    async def new(self, request: Request, person: Person) -> Response:
        """Show the form for a new key."""
        return await self._form(request, person, {"description": "", "role": OPERATOR, "expiry": "90"})

    async def create(self, request: Request, person: Person) -> Response:
        """Make a key and show it, this once."""
        form = await sent(request, "description", "role", "expiry")
        try:
            person.require_grant(form["role"])
            expires_at, description = _expires_at(form["expiry"]), _description(form["description"])
            key, kept = await self._keys.generate(
                person.account_id, person.actor, form["role"], description, expires_at
            )
        except TidingsError as error:
            return await self._form(request, person, form, trouble(error, _FIELDS), error.http)
        return self._pages.show(request, "key-made.html", person, key=key, kept=kept)

    async def ask(self, request: Request, person: Person, key: str) -> Response:
        """Ask whether a key is to be revoked."""
        kept = await self._keys.describe(person.account_id, key)
        return self._pages.show(request, "key-revoke.html", person, key=kept)

    async def revoke(self, request: Request, person: Person) -> Response:
        """Revoke a key."""
        form = await sent(request, "key")
        person.require_change()
        await self._keys.revoke(person.account_id, person.actor, form["key"])
        return see_other(LIST, note="key-revoked")

    async def _form(
        self, request: Request, person: Member, form: dict[str, str], wrong: Trouble = NO_TROUBLE, status: int = 200
    ) -> Response:
        made = await self._roles.list(person.account_id)
        roles = [*SYSTEM, *((role.id, role.name, role.description) for role in made)]
        return self._pages.show(
            request, "key-new.html", person, status, form=form, roles=roles, expiries=EXPIRIES, trouble=wrong
        )


def _description(text: str) -> str:
    text = text.strip()
    if len(text) > LONGEST_DESCRIPTION or not text.isprintable():
        raise InvalidArgument(f"the description has at most {LONGEST_DESCRIPTION} printable characters")
    return text


def _expires_at(days: str) -> int | None:
    if days not in dict(EXPIRIES):
        raise InvalidArgument("expiry must be one of the list")
    return int((datetime.now(UTC) + timedelta(days=int(days))).timestamp()) if days else None
