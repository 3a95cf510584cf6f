"""The inspector: a live log of one cache. It comes from the router itself, with a page token that only reads."""

from fastapi import APIRouter, Request, Response

from accounts.caches.service import Caches
from accounts.console.page_route import PageRoute
from accounts.console.pages import Pages
from accounts.console.playground import MOST_CACHES
from accounts.rest.guards import Person

PATH = "/console/inspector"

KINDS = (
    ("published", "Published"),
    ("delivered", "Delivered"),
    ("refused", "Refused"),
    ("gap", "Gaps"),
    ("opened", "Opened"),
    ("ended", "Ended"),
)
"""What the router tells of, as `router/taps.py` names it, and what it is called here."""


def routes(pages: Pages, caches: Caches) -> APIRouter:
    """Return the page; its token comes from where the playground's does."""
    router = APIRouter(include_in_schema=False, route_class=PageRoute)

    @router.get(PATH)
    async def inspector(request: Request, person: Person, cache: str = "") -> Response:
        names = [each.name for each in await caches.list(person.account_id)]
        return pages.show(
            request,
            "inspector.html",
            person,
            pairs=[(name, name) for name in names[:MOST_CACHES]],
            cache=cache if cache in names else (names[0] if names else ""),
            kinds=KINDS,
        )

    return router
