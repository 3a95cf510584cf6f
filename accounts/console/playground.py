"""The playground: topics of a cache side by side, live. The browser talks to the router itself, with a page token."""

from fastapi import APIRouter, Request, Response
from starlette.responses import JSONResponse

from accounts.caches.service import Caches
from accounts.console.forms import sent
from accounts.console.page_route import PageRoute
from accounts.console.page_tokens import PageTokens
from accounts.console.pages import Pages
from accounts.console.snippets import all_of
from accounts.rest.guards import Person
from accounts.rest.late_route import LateRoute
from accounts.roles.service import Roles
from accounts.roles.system import VIEWER
from api.names import checked_cache_name

PATH = "/console/playground"
MOST_CACHES = 1000
MOST_TEXT = 4096
_NO_STORE = {"cache-control": "no-store"}


def routes(pages: Pages, caches: Caches, roles: Roles, tokens: PageTokens) -> APIRouter:
    """Return the page, and the endpoint that gives it a token."""
    router = APIRouter(include_in_schema=False, route_class=LateRoute)
    shown = APIRouter(include_in_schema=False, route_class=PageRoute)

    @shown.get(PATH)
    async def playground(request: Request, person: Person, cache: str = "", topic: str = "") -> Response:
        names = [each.name for each in await caches.list(person.account_id)]
        chosen = cache if cache in names else (names[0] if names else "")
        return pages.show(
            request,
            "playground.html",
            person,
            names=names,
            pairs=[(name, name) for name in names[:MOST_CACHES]],
            cache=chosen,
            topic=topic,
            roles=[(VIEWER, VIEWER), *((role.id, role.name) for role in await roles.list(person.account_id))],
        )

    @router.get("/console/playground/code")
    async def code(request: Request, _: Person, cache: str, topic: str, text: str) -> JSONResponse:
        programs = all_of(pages.topics_url(request), pages.endpoint, cache, topic, text[:MOST_TEXT])
        return JSONResponse(
            [{"name": each.name, "file": each.file, "text": each.text} for each in programs], headers=_NO_STORE
        )

    @router.post("/console/page-token")
    async def page_token(request: Request, person: Person) -> JSONResponse:
        form = await sent(request, "cache", "role")
        rules = None
        if form["role"] not in ("", VIEWER):
            rules = (await roles.describe(person.account_id, form["role"])).grant.rules
        cache = checked_cache_name(form["cache"])
        made = await tokens.mint(person, cache, read_only=form["role"] == VIEWER, rules=rules)
        body = {"token": made.token, "publisher_id": made.publisher_id, "expires_at": made.expires_at}
        return JSONResponse(body, headers=_NO_STORE)

    router.routes.extend(shown.routes)
    return router
