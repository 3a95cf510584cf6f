"""Wakes those who follow the store as soon as something changed in it.

A message that is lost costs time and nothing else: whoever is woken by an event asks the store what is new, and asks
now and then without having been woken.
"""

import asyncio
import contextlib
from typing import Any, Literal, cast

from redis.exceptions import RedisError

from api.tasks import end
from backplane.redis.store import Store

Kind = Literal["directory", "map"]

SILENCE_SECONDS = 5.0
"""After so long without a message, the connection must answer a ping in the same time."""

RETRY_SECONDS = 0.25


class News:
    """Listens on the store's channel.

    Attributes:
        channel: Where scripts say what changed: the name of an event.
        events: Set after each message, and after each new connection, before which messages may have been lost.
    """

    def __init__(self, store: Store) -> None:
        self.channel = store.key("news")
        self.events: dict[Kind, asyncio.Event] = {"directory": asyncio.Event(), "map": asyncio.Event()}
        self._store = store
        self._listener: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._listener = asyncio.create_task(self._listen_for_ever())

    async def close(self) -> None:
        if self._listener is not None:
            await end(self._listener)

    async def _listen_for_ever(self) -> None:
        while True:
            # The store's own calls tell the log. A cluster whose slots are not known yet is a KeyError of the library.
            with contextlib.suppress(RedisError, OSError, KeyError):
                await self._listen()
            await asyncio.sleep(RETRY_SECONDS)

    async def _listen(self) -> None:
        pubsub = cast("Any", self._store.client).pubsub()
        try:
            await pubsub.subscribe(self.channel)
            for event in self.events.values():
                event.set()
            pinged = False
            while True:
                message = await pubsub.get_message(timeout=SILENCE_SECONDS)
                if message is not None:
                    pinged = False
                    self._wake(message)
                elif pinged:
                    return
                else:
                    await pubsub.ping()
                    pinged = True
        finally:
            await pubsub.aclose()

    def _wake(self, message: dict[str, Any]) -> None:
        if message["type"] == "message":
            event = self.events.get(message["data"].decode())
            if event is not None:
                event.set()
