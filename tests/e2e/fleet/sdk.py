"""The published SDKs against a fleet: Node.js clients that listen, a Python client that publishes, and their books."""

import asyncio
import json
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from momento import CredentialProvider, TopicClientAsync, TopicConfigurations
from momento.responses import TopicPublish

from tests.e2e.fleet.ledger import ACKNOWLEDGED, Ended, Gap, Item, Ledger, Message, Seen, Sent, encode
from tests.e2e.sdk_node.node import program
from tests.e2e.service import ROOT
from tests.patience import patient

CLIENTS = 2
INTERVAL_SECONDS = 0.1
READY_SECONDS = 30.0
SETTLE_SECONDS = 20.0
LINE_BYTES = 1024 * 1024


class SdkLoad:
    """Numbered messages on their way from one SDK to the other.

    Attributes:
        ledger: What was sent and seen.
    """

    def __init__(self, port: int, key: str, cache: str, topics: list[str]) -> None:
        self.ledger = Ledger()
        self._cache = cache
        self._seen = {
            (topic, number): self.ledger.listener(f"node-{number}-{topic}", topic)
            for topic in topics
            for number in range(CLIENTS)
        }
        told = {"address": f"127.0.0.1:{port}", "key": key, "cache": cache, "topics": topics, "clients": CLIENTS}
        self._command = [*program("e2e/fleet/listen.mjs"), json.dumps(told)]
        self._credentials = CredentialProvider(key, *["127.0.0.1"] * 3, port=port)
        self._messages = {topic: Message(cache, topic, "python", 1) for topic in topics}
        self._stopping = asyncio.Event()

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Listen, then publish, and at the end give everybody time to get what was acknowledged last."""
        listening = await asyncio.create_subprocess_exec(
            *self._command,
            cwd=ROOT,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=LINE_BYTES,
        )
        reading = asyncio.create_task(self._read(listening))
        publishing: asyncio.Task[None] | None = None
        try:
            await self._until(lambda: all(seen.since < float("inf") for seen in self.ledger.seen), READY_SECONDS)
            publishing = asyncio.create_task(self._publish())
            yield
            self._stopping.set()
            await publishing
            await self._until(lambda: all(map(self._has_newest, self.ledger.seen)), SETTLE_SECONDS)
        finally:
            for task in (reading, publishing):
                if task is not None:
                    task.cancel()
            listening.kill()
            await listening.wait()

    async def go_on(self, count: int = 10, seconds: float = SETTLE_SECONDS) -> None:
        """Wait until so many more messages were acknowledged of each topic, and everybody has got the newest."""
        before = len(self.ledger.acknowledged())
        await self._until(lambda: len(self.ledger.acknowledged()) >= before + count * len(self._messages), seconds)
        newest = {topic: message.n for topic, message in self._messages.items()}
        await self._until(
            lambda: all(self._count(seen) >= newest[seen.topic] - 1 for seen in self.ledger.seen), seconds
        )

    async def _publish(self) -> None:
        configuration = TopicConfigurations.Default.latest().with_client_timeout(timedelta(seconds=5))
        async with TopicClientAsync(configuration, self._credentials) as client:
            while not self._stopping.is_set():
                await asyncio.gather(*(self._publish_one(client, topic) for topic in self._messages))
                await asyncio.sleep(INTERVAL_SECONDS)

    async def _publish_one(self, client: TopicClientAsync, topic: str) -> None:
        message, began = self._messages[topic], time.monotonic()
        self.ledger.attempted.add(message)
        response = await client.publish(self._cache, topic, encode(message))
        answer = response.error_code.name if isinstance(response, TopicPublish.Error) else ACKNOWLEDGED
        self.ledger.sent.append(Sent(message, answer, began, time.monotonic() - began))
        self._messages[topic] = message._replace(n=message.n + 1)

    async def _read(self, listening: asyncio.subprocess.Process) -> None:
        assert listening.stdout is not None
        async for line in listening.stdout:
            told: dict[str, Any] = json.loads(line)
            self._note(self._seen[told["topic"], told["client"]], told)

    def _note(self, seen: Seen, told: dict[str, Any]) -> None:
        match told:
            case {"value": str(value), "number": int(number)}:
                seen.events.append(Item(0, number, value))
            case {"last": int(last), "next": int(new), "page": int(page)}:
                seen.events.append(Gap(last, new, page))
            case {"open": True}:
                seen.since = time.monotonic()
            case _:
                seen.events.append(Ended(str(told.get("error", "the connection was lost")), ""))

    def _count(self, seen: Seen) -> int:
        """Return the number of the newest message that a listener has."""
        items = seen.items()
        return int(items[-1].value.split("|")[3]) if items else 0

    def _has_newest(self, seen: Seen) -> bool:
        mine = [sent.message.n for sent in self.ledger.acknowledged() if sent.message.topic == seen.topic]
        return self._count(seen) >= max(mine, default=0)

    async def _until(self, condition: Callable[[], bool], seconds: float) -> None:
        async with asyncio.timeout(patient(seconds)):
            while not condition():
                await asyncio.sleep(0.02)
