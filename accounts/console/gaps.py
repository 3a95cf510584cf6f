"""The ledger of gaps: what subscribers were told to have missed, by minute, cache, topic and cause."""

from collections.abc import Mapping

from fastapi import APIRouter, Request, Response

from accounts.caches.service import Caches
from accounts.console.page_route import PageRoute
from accounts.console.pages import Pages, url
from accounts.gaps.repository import Sought
from accounts.gaps.service import Gaps
from accounts.paging import PageRequest
from accounts.rest.guards import Person
from api.gaps import CAUSES, Cause

PATH = "/console/gaps"
NAMES: Mapping[str, str] = {
    "slow_reader": "slow reader",
    "retention": "beyond the history",
    "page_reset": "topic begun anew",
    "node_loss": "storage node lost",
    "drain": "storage node drained",
    "link": "missed between node and router",
}
"""The causes, in the words of a page."""

MOST_CACHES = 1000


def routes(pages: Pages, gaps: Gaps, caches: Caches) -> APIRouter:
    """Return the page."""
    router = APIRouter(include_in_schema=False, route_class=PageRoute)

    @router.get(PATH)
    async def ledger(
        request: Request, person: Person, cache: str = "", topic: str = "", cause: str = "", after: str = ""
    ) -> Response:
        known = known_cause(cause)
        sought = Sought(person.account_id, cache or None, topic.strip() or None, known)
        page = await gaps.page(sought, PageRequest(next_token=after or None))
        names = [each.name for each in await caches.list(person.account_id)][:MOST_CACHES]
        query = {"cache": cache, "topic": topic, "cause": known or ""}
        return pages.show(
            request,
            "gaps.html",
            person,
            gaps=page.items,
            causes=NAMES,
            cache=cache,
            topic=topic,
            cause=known or "",
            caches=[("", "Every cache"), *((name, name) for name in names)],
            choices=[("", "Every cause"), *NAMES.items()],
            begin=url(PATH, **query) if after else "",
            next=url(PATH, **query, after=page.next_token) if page.next_token else "",
        )

    return router


def known_cause(text: str) -> Cause | None:
    """Return the cause of this name; None where there is none."""
    return next((cause for cause in CAUSES if cause == text), None)
