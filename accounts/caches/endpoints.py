"""REST: caches."""

from fastapi import APIRouter, Depends, Request, status

from accounts.caches.schemas import CacheChange, CacheInfo, NewCache
from accounts.caches.schemas import Caches as CacheList
from accounts.caches.service import Caches
from accounts.rest.etags import Matching, Tagging
from accounts.rest.guards import AnyMember
from accounts.rest.late_route import LateRoute
from accounts.rest.paging import Paging
from api.log_context import bind
from api.names import checked_cache_name


async def _bind_cache(request: Request) -> None:
    if "name" in request.path_params:
        bind(cache=request.path_params["name"])


def routes(caches: Caches) -> APIRouter:
    """Return the endpoints for caches."""
    router = APIRouter(prefix="/v1/caches", tags=["caches"], dependencies=[Depends(_bind_cache)], route_class=LateRoute)

    @router.post("", status_code=status.HTTP_201_CREATED)
    async def create(body: NewCache, member: AnyMember, tag: Tagging) -> CacheInfo:
        """Create a cache."""
        member.require_change()
        cache = await caches.create(member.account_id, member.actor, checked_cache_name(body.name), body.changes())
        return tag(CacheInfo.of(cache))

    @router.get("")
    async def list_caches(member: AnyMember, paging: Paging) -> CacheList:
        """List the caches in the order of their names."""
        page = await caches.page(member.account_id, paging)
        return CacheList(caches=[CacheInfo.of(cache) for cache in page.items], next_token=page.next_token)

    @router.post("/{name:path}/flush", status_code=status.HTTP_204_NO_CONTENT)
    async def flush(name: str, member: AnyMember) -> None:
        """Empty a cache of its items, as the RPC FlushCache does. Topics are no items, and stay as they are."""
        member.require_change()
        await caches.flush(member.account_id, checked_cache_name(name))

    @router.get("/{name:path}")
    async def describe(name: str, member: AnyMember, tag: Tagging) -> CacheInfo:
        """Describe one cache."""
        return tag(CacheInfo.of(await caches.describe(member.account_id, checked_cache_name(name))))

    @router.patch("/{name:path}")
    async def change(name: str, body: CacheChange, member: AnyMember, matching: Matching, tag: Tagging) -> CacheInfo:
        """Change a cache. Limits and bounds of the history hold within a second.

        When `durable` changes, topics begin anew, and their subscribers get a Discontinuity.
        """
        member.require_change()
        cache = await caches.change(
            member.account_id,
            member.actor,
            checked_cache_name(name),
            body.changes(),
            lambda cache: matching.require(CacheInfo.of(cache)),
        )
        return tag(CacheInfo.of(cache))

    @router.delete("/{name:path}", status_code=status.HTTP_204_NO_CONTENT)
    async def delete(name: str, member: AnyMember, matching: Matching) -> None:
        """Delete a cache with all its topics; its subscriptions end."""
        member.require_change()
        await caches.delete(
            member.account_id,
            member.actor,
            checked_cache_name(name),
            lambda cache: matching.require(CacheInfo.of(cache)),
        )

    return router
