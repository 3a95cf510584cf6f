"""Which Redis a URL means; without a client of it, which whoever only looks at a setting does not pay for.

A password appears in nothing that is printed: neither in the location's repr nor in an error about its URL.
"""

from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import parse_qs, unquote, urlsplit

DEFAULT_PORT = {"standalone": 6379, "sentinel": 26379, "cluster": 6379}
SENTINEL_OPTIONS = ("sentinel_username", "sentinel_password")

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
