"""API keys: the list, a new one that is shown this once, and the end of one."""

from datetime import UTC, datetime, timedelta

from fastapi import APIRouter, Request, Response

from accounts.console.forms import sent, trouble
from accounts.console.page_route import PageRoute
from accounts.console.pages import Pages, see_other, url
from accounts.keys.service import Keys
from accounts.paging import PageRequest
from accounts.rest.guards import Person
from accounts.roles.system import OPERATOR, OWNER, VIEWER
from api.errors import InvalidArgument, TidingsError

LIST = "/console/keys"
LONGEST_DESCRIPTION = 255
ROLES = (
    (OWNER, "Owner", "Publishes and subscribes everywhere, and administers the account."),
    (OPERATOR, "Operator", "The same, but makes no owner's key."),
    (VIEWER, "Viewer", "Subscribes to every topic; changes and publishes nothing."),
)
EXPIRIES = (("", "Never"), ("1", "In a day"), ("30", "In 30 days"), ("90", "In 90 days"), ("365", "In a year"))
_FIELDS = {"there is no role": "role", "expiry": "expiry", "the description": "description"}


def routes(pages: Pages, keys: Keys) -> APIRouter:
    """Return the pages."""
    router = APIRouter(include_in_schema=False, route_class=PageRoute)

    @router.get(LIST)
    async def list_keys(request: Request, person: Person, after: str = "") -> Response:
        page = await keys.page(person.account_id, PageRequest(next_token=after or None))
        return pages.show(
            request,
            "keys.html",
            person,
            keys=page.items,
            begin=LIST if after else "",
            next=url(LIST, after=page.next_token or "") if page.next_token else "",
        )

    @router.get("/console/keys/new")
    async def new(request: Request, person: Person) -> Response:
        form = {"description": "", "role": OPERATOR, "expiry": "90"}
        return pages.show(request, "key-new.html", person, form=form, roles=ROLES, expiries=EXPIRIES)

    @router.post("/console/keys/new")
    async def create(request: Request, person: Person) -> Response:
        form = await sent(request, "description", "role", "expiry")
        try:
            person.require_grant(form["role"])
            key, kept = await keys.generate(
                person.account_id,
                person.actor,
                form["role"],
                _description(form["description"]),
                _expires_at(form["expiry"]),
            )
        except TidingsError as error:
            wrong = trouble(error, _FIELDS)
            return pages.show(
                request,
                "key-new.html",
                person,
                error.http,
                form=form,
                roles=ROLES,
                expiries=EXPIRIES,
                trouble=wrong,
            )
        return pages.show(request, "key-made.html", person, key=key, kept=kept)

    @router.get("/console/keys/revoke")
    async def ask(request: Request, person: Person, key: str) -> Response:
        return pages.show(request, "key-revoke.html", person, key=await keys.describe(person.account_id, key))

    @router.post("/console/keys/revoke")
    async def revoke(request: Request, person: Person) -> Response:
        form = await sent(request, "key")
        person.require_change()
        await keys.revoke(person.account_id, person.actor, form["key"])
        return see_other(LIST, note="key-revoked")

    return router


def _description(text: str) -> str:
    text = text.strip()
    if len(text) > LONGEST_DESCRIPTION or not text.isprintable():
        raise InvalidArgument(f"the description has at most {LONGEST_DESCRIPTION} printable characters")
    return text


def _expires_at(days: str) -> int | None:
    if days not in dict(EXPIRIES):
        raise InvalidArgument("expiry must be one of the list")
    return int((datetime.now(UTC) + timedelta(days=int(days))).timestamp()) if days else None
