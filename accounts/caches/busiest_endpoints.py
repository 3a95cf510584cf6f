"""REST: the busiest topics of a cache."""

from fastapi import APIRouter

from accounts.caches.busiest import BusiestTopics
from accounts.caches.schemas import BusiestTopicsInfo
from accounts.rest.guards import AnyMember
from accounts.rest.late_route import LateRoute
from api.names import checked_cache_name


def routes(busiest: BusiestTopics) -> APIRouter:
    """Return the endpoint. It comes before those of caches, who take the rest of the path for a name."""
    router = APIRouter(prefix="/v1/caches", tags=["caches"], route_class=LateRoute)

    @router.get("/{name:path}/topics")
    async def busiest_topics(name: str, member: AnyMember) -> BusiestTopicsInfo:
        """List the 20 topics that were published to most in the last minute, the busiest first.

        Routers count them in memory, at most 500 topics of a cache in ten seconds: counts of topics that come and go
        may be too low where there are more. Nothing is kept.
        """
        return BusiestTopicsInfo.of(await busiest.of(member.account_id, checked_cache_name(name)))

    return router
