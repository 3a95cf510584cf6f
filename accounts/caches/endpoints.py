"""REST: caches."""

from fastapi import APIRouter, status

from accounts.caches.schemas import CacheChange, CacheInfo, NewCache
from accounts.caches.schemas import Caches as CacheList
from accounts.caches.service import Caches
from accounts.rest.guards import AnyMember
from api.names import checked_cache_name


def routes(caches: Caches) -> APIRouter:
    """Return the endpoints for caches."""
    router = APIRouter(prefix="/v1/caches", tags=["caches"])

    @router.post("", status_code=status.HTTP_201_CREATED)
    async def create(body: NewCache, member: AnyMember) -> NewCache:
        """Create a cache."""
        member.require_change()
        name = checked_cache_name(body.name)
        await caches.create(member.account_id, name, durable=body.durable)
        return NewCache(name=name, durable=body.durable)

    @router.get("")
    async def list_caches(member: AnyMember) -> CacheList:
        """List the caches in the order of their names."""
        found = await caches.list(member.account_id)
        return CacheList(caches=[CacheInfo.of(c) for c in found])

    @router.patch("/{name:path}", status_code=status.HTTP_204_NO_CONTENT)
    async def change(name: str, body: CacheChange, member: AnyMember) -> None:
        """Make a cache durable, or no longer. Its topics begin anew; their subscribers get a Discontinuity."""
        member.require_change()
        await caches.make_durable(member.account_id, checked_cache_name(name), durable=body.durable)

    @router.delete("/{name:path}", status_code=status.HTTP_204_NO_CONTENT)
    async def delete(name: str, member: AnyMember) -> None:
        """Delete a cache with all its topics; its subscriptions end."""
        member.require_change()
        await caches.delete(member.account_id, checked_cache_name(name))

    return router
