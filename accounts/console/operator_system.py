"""The live picture of the system, for operators of the installation, and the same as tables."""

from typing import Any

from fastapi import APIRouter, Request, Response

from accounts.console.page_route import PageRoute
from accounts.console.pages import Pages
from accounts.installation.observed import Observed
from accounts.installation.picture import BOX_HEIGHT, BOX_WIDTH, picture
from accounts.operators.guard import ByOperator
from accounts.rest.guards import Person

SYSTEM = "/console/operator/system"
LIVE = f"{SYSTEM}/live"


def routes(pages: Pages, observed: Observed) -> APIRouter:
    """Return the page, and the part of it that is fetched anew while somebody looks."""
    router = APIRouter(include_in_schema=False, route_class=PageRoute)

    async def values() -> dict[str, Any]:
        sight = await observed.look()
        drawn = picture(sight)
        weights = sum(node.weight for node in sight.map.nodes.values() if node.state == "live")
        return {
            "sight": sight,
            "picture": drawn,
            "box": (BOX_WIDTH, BOX_HEIGHT),
            "weights": weights,
            "lease": None if sight.lease_seconds == float("inf") else sight.lease_seconds,
        }

    @router.get(SYSTEM)
    async def system(request: Request, person: Person, _: ByOperator) -> Response:
        return pages.show(request, "operator-system.html", person, live=LIVE, **await values())

    @router.get(LIVE)
    async def live(request: Request, person: Person, _: ByOperator) -> Response:
        return pages.show(request, "operator-system-live.html", person, **await values())

    return router
