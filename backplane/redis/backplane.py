"""The backplane of a fleet, put together."""

import asyncio
from pathlib import Path

from backplane.redis.audience import RedisAudience
from backplane.redis.busiest import RedisBusiest
from backplane.redis.connection import connect, disconnect
from backplane.redis.directory import RedisDirectory
from backplane.redis.key_uses import RedisKeyUses
from backplane.redis.news import News
from backplane.redis.quotas import RedisQuotas
from backplane.redis.registry import LEASE_SECONDS, RedisRegistry
from backplane.redis.store import State, Store
from backplane.redis.system import RedisSystemTopics
from backplane.redis.topics import RedisTopics
from backplane.redis.usage import ABANDONED_SECONDS, RedisUsage
from backplane.redis.witnesses import RedisWitnesses
from backplane.redis_location import location


class RedisBackplane:
    """Directory, registry, quotas, usage and uses of keys in one Redis.

    Args:
        url: As `backplane.redis.connection.location` reads it.
        prefix: Keeps installations that share a Redis apart.
        ca_file: Certificates to trust in place of the system's, for a URL with TLS.

    Raises:
        ValueError: the URL or the prefix cannot be one.
    """

    def __init__(
        self,
        url: str,
        prefix: str = "tidings",
        ca_file: Path | None = None,
        lease_seconds: float = LEASE_SECONDS,
        abandoned_seconds: float = ABANDONED_SECONDS,
    ) -> None:
        where = location(url)
        self._client = connect(where, ca_file)
        self._store = Store(self._client, where, prefix)
        self._news = News(self._store)
        self.directory = RedisDirectory(self._store, self._news)
        self.registry = RedisRegistry(self._store, self._news, lease_seconds)
        self.quotas = RedisQuotas(self._store)
        self.topics = RedisTopics(self._client, prefix)
        self.usage = RedisUsage(self._store, abandoned_seconds)
        self.audience = RedisAudience(self._store, self.registry)
        self.busiest = RedisBusiest(self._store, self.registry)
        self.key_uses = RedisKeyUses(self._store)
        self.witnesses = RedisWitnesses(self._store)
        self.system = RedisSystemTopics(self._store, self.registry)

    def __repr__(self) -> str:
        return f"<RedisBackplane {self._store!r}, map {self.registry.map().version}, {self.directory!r}>"

    @property
    def state(self) -> State:
        """How the store stood when it was asked last, which was a moment ago."""
        return self._store.state

    async def start(self) -> None:
        """Read what is there and follow it from now on; a store that cannot be reached yet is waited for by none."""
        await self._news.start()
        await self.registry.start()
        await self.directory.start()

    async def close(self) -> None:
        """Stop following. Nothing is taken back: a node leaves the map by `registry.leave`."""
        await self.usage.close()
        await self.audience.close()
        await self.busiest.close()
        await self.system.close()
        await asyncio.gather(self._news.close(), self.registry.close(), self.directory.close())
        await disconnect(self._client)
