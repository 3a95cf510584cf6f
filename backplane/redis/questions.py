"""Asks routers through the store, whatever the question is.

The question goes out on a channel; each router writes its answer to a list that lives for a few seconds. Whoever asks
knows from the registry how many routers there are, and waits for so many. Both are JSON.
"""

import asyncio
import contextlib
import json
import secrets
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any, cast

from redis.exceptions import RedisError

from api.errors import Unavailable
from api.tasks import end
from backplane.interface import Registry, Tier, Unwatch
from backplane.listed import Listed
from backplane.redis.scripts import load
from backplane.redis.store import Store

WAIT_SECONDS = 0.5
LOOK_SECONDS = 0.01
RETRY_SECONDS = 0.25
SILENCE_SECONDS = 5.0

_ASK = load("ask_routers")
_ANSWER = load("answer_question")
_READ = load("read_answers")

Reply = Callable[[Sequence[Any]], object]
"""Answers a question for one router."""


@dataclass(frozen=True, slots=True)
class Answers:
    """What routers have answered.

    Attributes:
        all: One answer of each.
        asked: How many routers there are.
    """

    all: Sequence[Any]
    asked: int

    @property
    def is_complete(self) -> bool:
        """Whether no router is missing."""
        return len(self.all) >= self.asked


class Questions:
    """Questions on one channel, and who answers them: each process of these tiers."""

    def __init__(
        self, store: Store, registry: Registry, channel: str, tiers: Collection[Tier] = frozenset({"router"})
    ) -> None:
        self._store = store
        self._registry = registry
        self._channel = store.key(channel)
        self._tiers = tiers
        self._replies = Listed[Reply]()
        self._listener: asyncio.Task[None] | None = None

    async def ask(self, *question: object) -> Answers:
        """Ask all, and return what they answer in half a second.

        Raises:
            Unavailable: the store cannot be reached.
        """
        asked = sum(1 for process in await self._registry.processes() if process.tier in self._tiers)
        id = secrets.token_hex(8)
        answers = self._store.key("answers", id)
        await self._store.call(_ASK, [self._store.key("epoch")], self._channel, json.dumps([id, *question]))
        found: list[bytes] = []
        # By the clock: redis-py sends by `asyncio.wait_for`, which in Python 3.11 may swallow what a timeout cancels.
        until = time.monotonic() + WAIT_SECONDS
        while len(found) < asked and time.monotonic() < until:
            await asyncio.sleep(LOOK_SECONDS)
            found = await self._store.call(_READ, [answers])
        return Answers([json.loads(answer) for answer in found], max(asked, len(found)))

    def answer(self, reply: Reply) -> Unwatch:
        """Answer for a router from now on."""
        if self._listener is None:
            self._listener = asyncio.create_task(self._listen_for_ever())
        return self._replies.add(reply)

    async def close(self) -> None:
        """Answer nobody any more."""
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

    async def _answer(self, data: bytes) -> None:
        id, *question = json.loads(data)
        for reply in self._replies:
            with contextlib.suppress(Unavailable):  # whoever asks counts the answers
                await self._store.call(_ANSWER, [self._store.key("answers", id)], json.dumps(reply(question)))
