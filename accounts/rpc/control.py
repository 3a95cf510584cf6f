"""The gRPC service `control_client.ScsControl`: caches and signing keys."""

from collections.abc import Mapping

from momento_wire_types import controlclient_pb2 as wire

from accounts.caches.models import Cache
from accounts.caches.service import Caches
from accounts.caller import Rank
from accounts.presigning.service import SigningKeys
from accounts.rpc.callers import CallerOf
from accounts.rpc.service import Context, Method
from api.account import Limits
from api.log_context import bind
from api.names import checked_cache_name
from backplane.interface import Directory

MAX_ITEM_KIB = 4883
MAX_TTL_SECONDS = 86_400
"""Of items, of which there are none here: figures that SDKs show, as the contract has them."""

SERVICE = "control_client.ScsControl"


def _named(cache: str) -> str:
    bind(cache=cache)
    return checked_cache_name(cache)


class Control:
    """Authenticates, checks the arguments, then the permission, then whether the thing exists: SDKs see the order."""

    def __init__(self, caller_of: CallerOf, directory: Directory, caches: Caches, signing_keys: SigningKeys) -> None:
        self._caller = caller_of
        self._directory = directory
        self._caches = caches
        self._signing_keys = signing_keys

    def methods(self) -> Mapping[str, Method]:
        """Return the service's methods."""
        return {
            "CreateCache": Method(wire._CreateCacheRequest, wire._CreateCacheResponse, self._create_cache),
            "DeleteCache": Method(wire._DeleteCacheRequest, wire._DeleteCacheResponse, self._delete_cache),
            "FlushCache": Method(wire._FlushCacheRequest, wire._FlushCacheResponse, self._flush_cache),
            "ListCaches": Method(wire._ListCachesRequest, wire._ListCachesResponse, self._list_caches),
            "CreateSigningKey": Method(
                wire._CreateSigningKeyRequest, wire._CreateSigningKeyResponse, self._create_signing_key
            ),
            "RevokeSigningKey": Method(
                wire._RevokeSigningKeyRequest, wire._RevokeSigningKeyResponse, self._revoke_signing_key
            ),
            "ListSigningKeys": Method(
                wire._ListSigningKeysRequest, wire._ListSigningKeysResponse, self._list_signing_keys
            ),
        }

    async def _create_cache(self, request: wire._CreateCacheRequest, ctx: Context) -> wire._CreateCacheResponse:
        caller, name = await self._caller(ctx), _named(request.cache_name)
        caller.require(Rank.SUPER_USER, f"create cache '{name}'")
        await self._caches.create(caller.account_id, caller.actor, name)
        return wire._CreateCacheResponse()

    async def _delete_cache(self, request: wire._DeleteCacheRequest, ctx: Context) -> wire._DeleteCacheResponse:
        caller, name = await self._caller(ctx), _named(request.cache_name)
        caller.require(Rank.SUPER_USER, f"delete cache '{name}'")
        await self._caches.delete(caller.account_id, caller.actor, name)
        return wire._DeleteCacheResponse()

    async def _flush_cache(self, request: wire._FlushCacheRequest, ctx: Context) -> wire._FlushCacheResponse:
        caller, name = await self._caller(ctx), _named(request.cache_name)
        caller.require(Rank.SUPER_USER, f"flush cache '{name}'")
        await self._caches.flush(caller.account_id, name)
        return wire._FlushCacheResponse()

    async def _list_caches(self, request: wire._ListCachesRequest, ctx: Context) -> wire._ListCachesResponse:
        caller = await self._caller(ctx)
        caller.require(Rank.SUPER_USER, "list caches")
        account = await self._directory.account(caller.account_id)
        limits = account.limits if account else Limits()
        caches = await self._caches.list(caller.account_id)
        # No SDK asks for a second page, so there is none.
        return wire._ListCachesResponse(cache=[_listed(cache, limits) for cache in caches], next_token="")

    async def _create_signing_key(
        self, request: wire._CreateSigningKeyRequest, ctx: Context
    ) -> wire._CreateSigningKeyResponse:
        caller = await self._caller(ctx)
        caller.require(Rank.SUPER_USER, "create signing keys")
        key, expires_at = await self._signing_keys.create(caller.account_id, caller.actor, request.ttl_minutes)
        return wire._CreateSigningKeyResponse(key=key, expires_at=expires_at)

    async def _revoke_signing_key(
        self, request: wire._RevokeSigningKeyRequest, ctx: Context
    ) -> wire._RevokeSigningKeyResponse:
        caller = await self._caller(ctx)
        caller.require(Rank.SUPER_USER, "revoke signing keys")
        await self._signing_keys.revoke(caller.account_id, caller.actor, request.key_id)
        return wire._RevokeSigningKeyResponse()

    async def _list_signing_keys(
        self, request: wire._ListSigningKeysRequest, ctx: Context
    ) -> wire._ListSigningKeysResponse:
        caller = await self._caller(ctx)
        caller.require(Rank.SUPER_USER, "list signing keys")
        keys = await self._signing_keys.list(caller.account_id)
        listed = [wire._SigningKey(key_id=key.id, expires_at=key.expires_at) for key in keys]
        return wire._ListSigningKeysResponse(signing_key=listed, next_token="")


def _listed(cache: Cache, account: Limits) -> wire._Cache:
    limits = cache.limits.within(account)
    return wire._Cache(
        cache_name=cache.name,
        cache_limits=wire._CacheLimits(
            max_traffic_rate=max(limits.publishes_per_second, 500),
            max_throughput_kbps=limits.publish_bytes_per_second // 1024,
            max_item_size_kb=MAX_ITEM_KIB,
            max_ttl_seconds=MAX_TTL_SECONDS,
        ),
        topic_limits=wire._TopicLimits(
            max_publish_rate=limits.publishes_per_second,
            max_subscription_count=limits.subscriptions,
            max_publish_message_size_kb=limits.message_bytes // 1024,
        ),
    )
