"""The first page, and the choice of colours: both for anybody."""

from fastapi import APIRouter, Request, Response
from starlette.routing import BaseRoute, Route

from accounts.console.forms import sent
from accounts.console.page_route import PageRoute
from accounts.console.pages import THEME_COOKIE, THEMES, Pages, own_path, see_other
from accounts.console.snippets import two_terminals
from accounts.rest.guards import Guards, check_origin
from api.errors import NotFound

_YEAR_SECONDS = 365 * 86400


def routes(pages: Pages, guards: Guards) -> APIRouter:
    """Return the pages."""
    router = APIRouter(include_in_schema=False, route_class=PageRoute)

    @router.get("/")
    async def landing(request: Request) -> Response:
        logged_in = guards.cookie.name in request.cookies
        example = two_terminals(pages.topics_url(request))
        return pages.show(request, "landing.html", logged_in=logged_in, example=example)

    @router.post("/console/theme")
    async def theme(request: Request) -> Response:
        check_origin(request)
        form = await sent(request, "theme", "back")
        response = see_other(own_path(form["back"], "/"))
        if form["theme"] in THEMES:
            secure = request.url.scheme == "https"
            response.set_cookie(
                THEME_COOKIE, form["theme"], max_age=_YEAR_SECONDS, secure=secure, httponly=True, samesite="lax"
            )
        else:
            response.delete_cookie(THEME_COOKIE)
        return response

    @router.get("/console/{path:path}")
    async def nothing(request: Request, path: str) -> Response:
        if _takes(request, "POST", request.url.path):
            return see_other(_page_above(request))
        raise NotFound(f"there is no page '/console/{path}'")

    return router


def _page_above(request: Request) -> str:
    """Return the page that a form is on, which a browser asks for by the form's address when it is told to."""
    path = request.url.path
    while path and not _takes(request, "GET", path):
        path = path.rpartition("/")[0]
    return path or "/"


def _takes(request: Request, method: str, path: str) -> bool:
    routes: list[BaseRoute] = request.app.routes
    return any(isinstance(route, Route) and route.path == path and method in (route.methods or ()) for route in routes)
