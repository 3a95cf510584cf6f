"""The first page after a log-in: what the account has, and where to go on."""

from fastapi import APIRouter, Request, Response

from accounts.caches.service import Caches
from accounts.console.page_route import PageRoute
from accounts.console.pages import Pages
from accounts.keys.service import Keys
from accounts.paging import MOST, PageRequest
from accounts.rest.guards import Person


def routes(pages: Pages, caches: Caches, keys: Keys) -> APIRouter:
    """Return the page."""
    router = APIRouter(include_in_schema=False, route_class=PageRoute)

    @router.get("/console")
    async def overview(request: Request, person: Person) -> Response:
        found = await caches.list(person.account_id)
        keys_page = await keys.page(person.account_id, PageRequest(MOST))
        newest = sorted(found, key=lambda cache: cache.created_at, reverse=True)[:5]
        return pages.show(
            request,
            "overview.html",
            person,
            caches=len(found),
            newest=newest,
            keys=len(keys_page.items),
            more_keys=keys_page.next_token is not None,
        )

    return router
