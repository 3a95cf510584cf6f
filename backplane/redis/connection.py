"""Which Redis a URL means, and a client for it whose every wait is bounded.

A password appears in nothing that is printed: neither in the location's repr nor in an error about its URL.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, cast
from urllib.parse import parse_qs, unquote, urlsplit

from redis.asyncio import Redis, RedisCluster, Sentinel
from redis.asyncio.cluster import ClusterNode
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError

CONNECT_SECONDS = 0.5
OPERATION_SECONDS = 0.5
SENTINEL_SECONDS = 0.2
"""Sentinels are asked one after the other; two that hang must leave time for a third."""

DEFAULT_PORT = {"standalone": 6379, "sentinel": 26379, "cluster": 6379}
SENTINEL_OPTIONS = ("sentinel_username", "sentinel_password")

Client = Redis | RedisCluster
Kind = Literal["standalone", "sentinel", "cluster"]

_KINDS: dict[str, Kind] = {"": "standalone", "+sentinel": "sentinel", "+cluster": "cluster"}


class InvalidRedisUrl(ValueError):
    """The URL names no Redis; its text is fit for people and holds no secret."""


@dataclass(frozen=True, slots=True)
class Location:
    """Where a Redis is.

    Attributes:
        hosts: Of the server; or of its sentinels, or of some nodes of its cluster.
        service: The name by which sentinels know the server.
    """

    kind: Kind
    hosts: tuple[tuple[str, int], ...]
    tls: bool = False
    username: str = ""
    password: str = field(default="", repr=False)
    db: int = 0
    service: str = ""
    sentinel_username: str = ""
    sentinel_password: str = field(default="", repr=False)

    def __str__(self) -> str:
        return ",".join(f"{host}:{port}" for host, port in self.hosts)


def location(url: str) -> Location:
    """Return what `url` means.

    Forms: `redis://[user:password@]host[:port][/db]`, `redis+sentinel://host:port,host:port/service[/db]` and
    `redis+cluster://host:port,host:port`; with `rediss` in place of `redis` all of it goes over TLS. Sentinels that
    want a password take it from `?sentinel_password=`, and from `?sentinel_username=`.

    Raises:
        InvalidRedisUrl: it has none of these forms.
    """
    parts = urlsplit(url)
    scheme = parts.scheme.lower()
    tls = scheme.startswith("rediss")
    kind = _KINDS.get(scheme.removeprefix("rediss" if tls else "redis")) if scheme.startswith("redis") else None
    if kind is None:
        raise InvalidRedisUrl(
            "a Redis URL begins with redis://, redis+sentinel:// or redis+cluster:// (rediss for TLS)"
        )
    credentials, _, hosts = parts.netloc.rpartition("@")
    username, _, password = credentials.partition(":")
    service, db = _path([segment for segment in unquote(parts.path).split("/") if segment], kind)
    options = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    if set(options) - set(SENTINEL_OPTIONS if kind == "sentinel" else ()):
        raise InvalidRedisUrl("a Redis URL has no options but those of its sentinels")
    return Location(
        kind,
        tuple(_host(text, DEFAULT_PORT[kind]) for text in hosts.split(",")),
        tls=tls,
        username=unquote(username),
        password=unquote(password),
        db=db,
        service=service,
        **options,
    )


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


def _path(segments: list[str], kind: Kind) -> tuple[str, int]:
    service = ""
    if kind == "sentinel":
        if not segments:
            raise InvalidRedisUrl("a redis+sentinel:// URL names its service after the hosts, as in /mymaster")
        service, *segments = segments
    if not segments:
        return service, 0
    if len(segments) > 1 or not segments[0].isdecimal():
        raise InvalidRedisUrl("the last part of a Redis URL is the number of a database, as in /0")
    if kind == "cluster" and int(segments[0]) != 0:
        raise InvalidRedisUrl("a Redis Cluster has no database but 0")
    return service, int(segments[0])


def _host(text: str, default_port: int) -> tuple[str, int]:
    try:
        parts = urlsplit(f"//{text}")
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if not host:
        raise InvalidRedisUrl("a Redis URL names its hosts as host:port, with commas between them")
    return host, default_port if port is None else port
