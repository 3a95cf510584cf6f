"""Publishers and subscribers that behave as the SDKs do, and write down what they sent and saw."""

import asyncio
import time
from collections.abc import Sequence

import grpc

from tests.e2e.fleet.connection import Connection
from tests.e2e.fleet.ledger import ACKNOWLEDGED, Ended, Gap, Item, Ledger, Message, Seen, Sent, encode

RESUBSCRIBE_SECONDS = 0.5
"""How long the SDKs wait before they resume a stream that broke."""


class Publisher:
    """Publishes one message after the other, each once: what failed is not sent again, so that its fate is known.

    After a failure it goes on through the next connection, as a client behind a load balancer does.
    """

    def __init__(
        self,
        ledger: Ledger,
        connections: Sequence[Connection],
        cache: str,
        first: Message,
        interval_seconds: float,
        *,
        start: int = 0,
    ) -> None:
        self.message = first
        self.interval_seconds = interval_seconds
        self._ledger = ledger
        self._connections = connections
        self._cache = cache
        self._turn = start
        self._stopping = asyncio.Event()

    def __repr__(self) -> str:
        return f"<Publisher {self.message}>"

    def stop(self) -> None:
        """Send no more than what is under way."""
        self._stopping.set()

    async def run(self) -> None:
        """Publish until stopped."""
        while not self._stopping.is_set():
            began = time.monotonic()
            await self._publish(began)
            rest = began + self.interval_seconds - time.monotonic()
            try:
                await asyncio.wait_for(self._stopping.wait(), max(rest, 0.001))
            except TimeoutError:
                continue

    async def _publish(self, began: float) -> None:
        message = self.message
        self._ledger.attempted.add(message)
        connection = self._connections[self._turn % len(self._connections)]
        answer = await connection.publish(self._cache, message.topic, encode(message))
        self._ledger.sent.append(Sent(message, answer, began, time.monotonic() - began))
        self.message = message._replace(n=message.n + 1)
        if answer != ACKNOWLEDGED:
            self._turn += 1


class Subscriber:
    """Listens from a topic's start; resumes a broken stream with the number after the last one, and its page."""

    def __init__(self, seen: Seen, connections: Sequence[Connection], cache: str, *, start: int = 0) -> None:
        self.seen = seen
        self.is_open = asyncio.Event()
        self._connections = connections
        self._cache = cache
        self._turn = start
        self._number, self._page = 1, 0

    def __repr__(self) -> str:
        state = "open" if self.is_open.is_set() else "resuming"
        return f"<Subscriber {self.seen.name} of {self.seen.topic} {state} at {self._page}/{self._number}>"

    async def run(self) -> None:
        """Listen until cancelled."""
        while True:
            await self._listen(self._connections[self._turn % len(self._connections)])
            self.is_open.clear()
            self._turn += 1
            await asyncio.sleep(RESUBSCRIBE_SECONDS)

    async def _listen(self, connection: Connection) -> None:
        stream = connection.subscribe(self._cache, self.seen.topic, self._number, self._page)
        try:
            async for message in stream:
                if not self.is_open.is_set():
                    self.seen.since = min(self.seen.since, time.monotonic())
                    self.is_open.set()
                match message.WhichOneof("kind"):
                    case "item":
                        item = message.item
                        self._number, self._page = item.topic_sequence_number + 1, item.sequence_page
                        self.seen.events.append(Item(self._page, item.topic_sequence_number, item.value.text))
                    case "discontinuity":
                        told = message.discontinuity
                        gap = Gap(told.last_topic_sequence, told.new_topic_sequence, told.new_sequence_page)
                        self._number, self._page = gap.new + 1, gap.page
                        self.seen.events.append(gap)
                    case _:
                        continue
        except grpc.aio.AioRpcError as error:
            self.seen.events.append(Ended(error.code().name, error.details() or ""))
        else:
            self.seen.events.append(Ended(ACKNOWLEDGED, "the stream ended with OK"))
