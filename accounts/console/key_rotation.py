"""A new key in place of an old one, which holds on for a while so that programs can change over."""

from fastapi import APIRouter, Request, Response

from accounts.console.forms import sent, trouble
from accounts.console.page_route import PageRoute
from accounts.console.pages import NO_TROUBLE, Pages, Trouble
from accounts.keys.models import ApiKey
from accounts.keys.service import Keys, Replacement
from accounts.rest.guards import Person
from accounts.sessions.member import Member
from api.errors import InvalidArgument, TidingsError

ROTATE = "/console/keys/rotate"
OVERLAPS = (
    ("0", "Not at all: it is refused at once"),
    ("3600", "For an hour"),
    ("86400", "For a day"),
    ("604800", "For a week"),
    ("2592000", "For 30 days"),
)
USUAL = "86400"
_FIELDS = {"the overlap": "overlap"}


class KeyRotationPages:
    """The pages of a rotation."""

    def __init__(self, pages: Pages, keys: Keys) -> None:
        self._pages = pages
        self._keys = keys

    def routes(self) -> APIRouter:
        """Return the pages."""
        router = APIRouter(include_in_schema=False, route_class=PageRoute)
        router.get(ROTATE)(self.ask)
        router.post(ROTATE)(self.rotate)
        return router

    async def ask(self, request: Request, person: Person, key: str) -> Response:
        """Ask how long the old key is to hold."""
        old = await self._keys.describe(person.account_id, key)
        person.require_grant(old.role_id)
        return self._form(request, person, old, USUAL)

    async def rotate(self, request: Request, person: Person) -> Response:
        """Make the new key and show it, this once."""
        form = await sent(request, "key", "overlap")
        old = await self._keys.describe(person.account_id, form["key"])
        person.require_grant(old.role_id)
        try:
            replacement = Replacement(_overlap(form["overlap"]))
            key, kept, old = await self._keys.rotate(person.account_id, person.actor, old.id, replacement)
        except TidingsError as error:
            return self._form(request, person, old, form["overlap"], trouble(error, _FIELDS), error.http)
        return self._pages.show(request, "key-made.html", person, key=key, kept=kept, replaced=old)

    def _form(
        self,
        request: Request,
        person: Member,
        old: ApiKey,
        overlap: str,
        wrong: Trouble = NO_TROUBLE,
        status: int = 200,
    ) -> Response:
        return self._pages.show(
            request, "key-rotate.html", person, status, key=old, overlap=overlap, overlaps=OVERLAPS, trouble=wrong
        )


def _overlap(text: str) -> int:
    if text not in dict(OVERLAPS):
        raise InvalidArgument("the overlap must be one of the list")
    return int(text)
