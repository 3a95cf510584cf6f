"""Usage on its way from routers to the account service: a Redis Stream that all account services read as one group.

The stream takes no more than a bounded number of bytes. When the account service stays away for long, routers keep
what they counted.
"""

import asyncio
import contextlib
import time
from collections.abc import Mapping, Sequence

from api.errors import Unavailable
from backplane.interface import Delivered, UsageBatch
from backplane.redis.scripts import load
from backplane.redis.store import Store

ABANDONED_SECONDS = 30.0
POLL_SECONDS = 0.25
MOST_BYTES = 256 * 1024 * 1024
BATCHES_AT_ONCE = 500
MARKED_SECONDS = 7 * 86400

_GROUP = "accounts"
_APPEND = load("epoch", "append_usage")
_READ = load("epoch", "read_usage")
_ACKNOWLEDGE = load("epoch", "acknowledge_usage")
_EPOCH = load("epoch", "read_epoch")
_MARK = load("epoch", "mark_usage")
_MARKS = load("epoch", "read_marks")


class RedisUsage:
    """Batches in a stream; a batch stays until it is acknowledged.

    Args:
        abandoned_seconds: After so long a batch that was delivered and not acknowledged is delivered again.
        most_bytes: What the stream may take of the server's memory.
    """

    def __init__(
        self, store: Store, abandoned_seconds: float = ABANDONED_SECONDS, most_bytes: int = MOST_BYTES
    ) -> None:
        self._store = store
        self._keys = store.keys("usage")
        self._abandoned_seconds = abandoned_seconds
        self._most_bytes = most_bytes
        self._closed = asyncio.Event()

    async def close(self) -> None:
        """Let those who wait for batches return at once."""
        self._closed.set()

    async def append(self, batches: Sequence[UsageBatch]) -> None:
        for start in range(0, len(batches), BATCHES_AT_ONCE):
            words: list[str | bytes] = []
            for batch in batches[start : start + BATCHES_AT_ONCE]:
                words += [batch.id, batch.payload, batch.seal]
            waiting = await self._store.call(_APPEND, self._keys, str(self._most_bytes), *words)
            if waiting >= 0:
                raise Unavailable(f"{waiting} batches of usage wait for the account service; there is no room for more")

    async def read(self, consumer: str, count: int, wait_seconds: float) -> Sequence[Delivered]:
        deadline = time.monotonic() + wait_seconds
        while True:
            found = await self._take(consumer, min(count, BATCHES_AT_ONCE))
            left = deadline - time.monotonic()
            if found or left <= 0 or self._closed.is_set():
                return found
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(min(left, POLL_SECONDS)):
                    await self._closed.wait()

    async def acknowledge(self, tokens: Sequence[str]) -> None:
        for start in range(0, len(tokens), BATCHES_AT_ONCE):
            await self._store.call(_ACKNOWLEDGE, self._keys, _GROUP, *tokens[start : start + BATCHES_AT_ONCE])

    async def mark(self, applied: Mapping[str, int]) -> None:
        if applied:
            keys = [self._store.key("epoch"), *(self._store.key("usage-applied", boot) for boot in applied)]
            await self._store.call(_MARK, keys, str(MARKED_SECONDS), *map(str, applied.values()))

    async def applied(self, boots: Sequence[str]) -> Mapping[str, int]:
        if not boots:
            return {}
        keys = [self._store.key("epoch"), *(self._store.key("usage-applied", boot) for boot in boots)]
        marks = await self._store.call(_MARKS, keys)
        return {boot: int(mark) for boot, mark in zip(boots, marks, strict=True) if mark is not None}

    async def epoch(self) -> str:
        return (await self._store.call(_EPOCH, self._store.keys())).decode()

    async def _take(self, consumer: str, count: int) -> list[Delivered]:
        abandoned_ms = str(round(self._abandoned_seconds * 1000))
        taken = await self._store.call(_READ, self._keys, _GROUP, consumer, str(count), abandoned_ms)
        return [Delivered(entry.decode(), _batch(fields)) for entry, fields in taken]


def _batch(fields: Sequence[bytes]) -> UsageBatch:
    """Read an entry. Routers of earlier versions write no seal."""
    named = dict(zip(fields[::2], fields[1::2], strict=True))
    return UsageBatch(named[b"id"].decode(errors="replace"), named[b"payload"], named.get(b"seal", b""))
