"""Asks routers through the store how many subscribers a topic has.

The question goes out on a channel; each router writes its answer to a list that lives for a few seconds. Whoever asks
knows from the registry how many routers there are, and waits for so many.
"""

import asyncio
import contextlib
import json
import secrets
from typing import Any, cast

from redis.exceptions import RedisError

from api.errors import Unavailable
from api.names import Topic
from api.tasks import end
from backplane.audience import Count, Heard
from backplane.interface import Registry, Unwatch
from backplane.redis.scripts import load
from backplane.redis.store import Store

WAIT_SECONDS = 0.5
LOOK_SECONDS = 0.02
RETRY_SECONDS = 0.25
SILENCE_SECONDS = 5.0

_ASK = load("ask_audience")
_ANSWER = load("answer_audience")
_READ = load("read_audience")


class RedisAudience:
    """Asks, and answers where somebody has said what."""

    def __init__(self, store: Store, registry: Registry) -> None:
        self._store = store
        self._registry = registry
        self._channel = store.key("audience")
        self._counts: list[Count] = []
        self._listener: asyncio.Task[None] | None = None

    async def subscribers(self, topic: Topic) -> Heard:
        asked = sum(1 for process in await self._registry.processes() if process.tier == "router")
        id = secrets.token_hex(8)
        answers = self._store.key("answers", id)
        question = json.dumps([id, topic.account, topic.cache, topic.name])
        await self._store.call(_ASK, [self._store.key("epoch")], self._channel, question)
        found: list[bytes] = []
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(WAIT_SECONDS):
                while len(found) < asked:
                    found = await self._store.call(_READ, [answers])
                    await asyncio.sleep(LOOK_SECONDS)
        return Heard(sum(map(int, found)), len(found), max(asked, len(found)))

    def answer(self, count: Count) -> Unwatch:
        self._counts.append(count)
        if self._listener is None:
            self._listener = asyncio.create_task(self._listen_for_ever())

        def stop() -> None:
            if count in self._counts:
                self._counts.remove(count)

        return stop

    async def close(self) -> None:
        if self._listener is not None:
            await end(self._listener)

    async def _listen_for_ever(self) -> None:
        while True:
            with contextlib.suppress(RedisError, OSError):  # the store's own calls tell the log
                await self._listen()
            await asyncio.sleep(RETRY_SECONDS)

    async def _listen(self) -> None:
        pubsub = cast("Any", self._store.client).pubsub()
        try:
            await pubsub.subscribe(self._channel)
            pinged = False
            while True:
                message = await pubsub.get_message(timeout=SILENCE_SECONDS)
                if message is None and pinged:
                    return
                if message is None:
                    await pubsub.ping()
                pinged = message is None
                if message is not None and message["type"] == "message":
                    await self._answer(message["data"])
        finally:
            await pubsub.aclose()

    async def _answer(self, question: bytes) -> None:
        id, account, cache, name = json.loads(question)
        found = sum(count(Topic(account, cache, name)) for count in self._counts)
        with contextlib.suppress(Unavailable):  # whoever asks counts the answers
            await self._store.call(_ANSWER, [self._store.key("answers", id)], str(found))
