"""REST: caches."""

from fastapi import APIRouter, status

from accounts.caches.schemas import CacheChange, CacheInfo, NewCache
from accounts.caches.schemas import Caches as CacheList
from accounts.caches.service import Caches
from accounts.rest.etags import Matching
from accounts.rest.guards import AnyMember
from accounts.rest.paging import Paging
from api.names import checked_cache_name


def routes(caches: Caches) -> APIRouter:
    """Return the endpoints for caches."""
    router = APIRouter(prefix="/v1/caches", tags=["caches"])

    @router.post("", status_code=status.HTTP_201_CREATED)
    async def create(body: NewCache, member: AnyMember) -> NewCache:
        """Create a cache."""
        member.require_change()
        name = checked_cache_name(body.name)
        await caches.create(member.account_id, member.actor, name, durable=body.durable)
        return NewCache(name=name, durable=body.durable)

    @router.get("")
    async def list_caches(member: AnyMember, paging: Paging) -> CacheList:
        """List the caches in the order of their names."""
        page = await caches.page(member.account_id, paging)
        return CacheList(caches=[CacheInfo.of(cache) for cache in page.items], next_token=page.next_token)

    @router.patch("/{name:path}", status_code=status.HTTP_204_NO_CONTENT)
    async def change(name: str, body: CacheChange, member: AnyMember, matching: Matching) -> None:
        """Make a cache durable, or no longer. Its topics begin anew; their subscribers get a Discontinuity."""
        member.require_change()
        await caches.make_durable(
            member.account_id,
            member.actor,
            checked_cache_name(name),
            durable=body.durable,
            accept=lambda cache: matching.require(CacheInfo.of(cache)),
        )

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
