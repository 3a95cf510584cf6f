"""A client for a Redis, whose every wait is bounded."""

from pathlib import Path
from typing import Any, cast

from redis.asyncio import Redis, RedisCluster, Sentinel
from redis.asyncio.cluster import ClusterNode
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError

from backplane.redis_location import Location

CONNECT_SECONDS = 0.5
OPERATION_SECONDS = 0.5
SENTINEL_SECONDS = 0.2
"""Sentinels are asked one after the other; two that hang must leave time for a third."""

Client = Redis | RedisCluster


def connect(where: Location, ca_file: Path | None = None) -> Client:
    """Return a client; it connects when it is used, and again whenever it must.

    An operation on a connection that turns out to be dead is tried once more on a new one, so it must bear being
    done twice.
    """
    tls: dict[str, Any] = {"ssl": True, "ssl_ca_certs": str(ca_file) if ca_file else None} if where.tls else {}
    retry = Retry(NoBackoff(), 1, supported_errors=(RedisConnectionError,))
    options: dict[str, Any] = {
        "username": where.username or None,
        "password": where.password or None,
        "socket_connect_timeout": CONNECT_SECONDS,
        "socket_timeout": OPERATION_SECONDS,
        "retry": retry,
        "client_name": "tidings",
        "driver_info": None,  # spares each connection two round trips, which 6.2 refuses
        "protocol": 2,
        **tls,
    }
    match where.kind:
        case "cluster":
            nodes = [ClusterNode(host, port) for host, port in where.hosts]
            return RedisCluster(startup_nodes=nodes, **options)
        case "sentinel":
            sentinels = Sentinel(list(where.hosts), sentinel_kwargs=_of_sentinels(where, tls))
            return cast("Any", sentinels).master_for(where.service, db=where.db, **options)
        case "standalone":
            host, port = where.hosts[0]
            return Redis(host=host, port=port, db=where.db, **options)


async def disconnect(client: Client) -> None:
    """Close a client and, where there are some, its connections to sentinels."""
    reached = cast("Any", client)
    await reached.aclose()
    manager = getattr(getattr(reached, "connection_pool", None), "sentinel_manager", None)
    for sentinel in manager.sentinels if manager is not None else ():
        await sentinel.aclose()


def _of_sentinels(where: Location, tls: dict[str, Any]) -> dict[str, Any]:
    return {
        "username": where.sentinel_username or None,
        "password": where.sentinel_password or None,
        "socket_connect_timeout": SENTINEL_SECONDS,
        "socket_timeout": SENTINEL_SECONDS,
        "driver_info": None,
        "protocol": 2,
        **tls,
    }
