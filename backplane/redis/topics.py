"""Where durable topics are in Redis, and how all of a cache are removed.

Each topic has a hash slot of its own, so that a cluster spreads them; beside them each cache has a list of its topics,
which is written before a topic is.
"""

from typing import Any, cast

from redis.exceptions import RedisError

from api.errors import Unavailable
from api.names import Topic
from backplane.redis.connection import Client

NAMES_AT_ONCE = 200


def topic_keys(prefix: str, topic: Topic) -> tuple[str, str]:
    """Return the keys of a topic's stream, and of who may append to it."""
    tag = _tag(prefix, "topic", topic.account, topic.cache, topic.name)
    return f"{tag}:items", f"{tag}:owner"


def index_key(prefix: str, account_id: str, cache_id: str) -> str:
    """Return the key of the names of a cache's topics."""
    return f"{_tag(prefix, 'cache', account_id, cache_id)}:topics"


class RedisTopics:
    """Implements `backplane.interface.DurableTopics`."""

    def __init__(self, client: Client, prefix: str) -> None:
        self._redis = cast("Any", client)
        self._prefix = prefix

    async def remove(self, account_id: str, cache_id: str, *, for_good: bool) -> int:
        index = index_key(self._prefix, account_id, cache_id)
        removed, cursor = 0, b"0"
        try:
            while True:
                scan = ("SSCAN", index, cursor, "COUNT", NAMES_AT_ONCE)
                cursor, names = await self._redis.execute_command(*scan)
                for name in names:
                    topic = Topic(account_id, cache_id, name.decode())
                    removed += await self._redis.execute_command("UNLINK", *topic_keys(self._prefix, topic)) > 0
                if int(cursor) == 0:
                    break
            if for_good:
                await self._redis.execute_command("UNLINK", index)
        except (RedisError, OSError, TimeoutError) as error:
            raise Unavailable("the store of durable topics cannot be reached") from error
        return removed


def _tag(prefix: str, kind: str, *names: str) -> str:
    return f"{{{prefix}:{kind}:{':'.join(f'{len(name)}:{name}' for name in names)}}}"
