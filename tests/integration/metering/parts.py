"""Routers that count, account services that apply what they counted, and between them a backplane that loses things."""

import asyncio
import itertools
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from accounts.batches.admission import Admission
from accounts.batches.consumer import Consumer
from accounts.batches.service import Batches
from accounts.clocks.service import Clocks
from accounts.database import Database, sqlite_url
from accounts.usage.scope import Scope
from accounts.usage.service import Usage
from api.errors import Unavailable
from api.seals import Seals
from api.usage import PUBLISH
from backplane.interface import Delivered, UsageBatch
from backplane.memory import MemoryUsage
from router.meters.handover import Metering
from tests.patience import patient

DEADLINE_SECONDS = 30.0
WINDOW_SECONDS = 0.1


class Carrier(MemoryUsage):
    """A backplane that fails where it is told to, and forgets what it holds when it is emptied."""

    def __init__(self) -> None:
        super().__init__(abandoned_seconds=1.0)
        self.calls = Counter[str]()
        self.fails: dict[str, int] = {}
        """By call, how many of the next ones fail after they were done, as with an answer that is lost."""
        self._life = 1

    def emptied(self) -> None:
        """Lose everything, as a store does that is restarted without its disk."""
        self._waiting.clear()
        self._held.clear()
        self._applied.clear()
        self._life += 1

    async def append(self, batches: Sequence[UsageBatch]) -> None:
        await super().append(batches)
        self._done("append")

    async def read(self, consumer: str, count: int, wait_seconds: float) -> Sequence[Delivered]:
        found = await super().read(consumer, count, wait_seconds)
        self._done("read")
        return found

    async def mark(self, applied: Mapping[str, int]) -> None:
        await super().mark(applied)
        self._done("mark")

    async def acknowledge(self, tokens: Sequence[str]) -> None:
        self._done("acknowledge")
        await super().acknowledge(tokens)

    async def epoch(self) -> str:
        return f"life-{self._life}"

    def _done(self, call: str) -> None:
        self.calls[call] += 1
        if self.fails.get(call, 0):
            self.fails[call] -= 1
            raise Unavailable("the answer was lost")


class Installation:
    """One database, one backplane, and as many routers as a test begins; the account service is one unless it says."""

    def __init__(self, folder: Path) -> None:
        self.carrier = Carrier()
        self.folder = folder / "usage"
        self.database = Database(sqlite_url(folder))
        self.usage = Usage()
        self.batches = Batches(self.database, self.usage, Clocks(), used=lambda _: None)
        self.seals = Seals([b"k" * 32], "usage")
        self.admission = Admission(self.seals, folder / "refused-usage")
        self.consumers: list[Consumer] = []
        self.routers: list[Metering] = []
        self.published = 0

    async def start(self) -> None:
        await self.database.start()
        self.consume()

    async def close(self) -> None:
        for router in self.routers:
            await router.close()
        for consumer in self.consumers:
            await consumer.close()
        await self.database.close()

    def consume(self) -> Consumer:
        consumer = Consumer(self.batches, self.carrier, f"accounts-{len(self.consumers)}", self.admission)
        consumer.start()
        self.consumers.append(consumer)
        return consumer

    def router(self, id: str = "router-1") -> Metering:
        router = Metering(self.folder, id, self.carrier, window_seconds=WINDOW_SECONDS, seals=self.seals)
        router.start(lambda _: False)
        self.routers.append(router)
        return router

    async def killed(self, router: Metering) -> None:
        """End a router as SIGKILL does: nothing more is written, and the kernel lets go of its locks."""
        self.routers.remove(router)
        if router._task is not None:
            router._task.cancel()
            await asyncio.gather(router._task, return_exceptions=True)
        router._disk.shutdown()
        for journal in (router._own, *router._adopted):
            journal.folder.release()

    async def publishes(self, router: Metering, seconds: float, *, pause: float = 0.01) -> None:
        """Count messages of 100 bytes for some seconds."""
        meter = router.meters.meter("acme", "cache", PUBLISH, "key:k")
        ends = time.monotonic() + seconds
        for _ in itertools.takewhile(lambda _: time.monotonic() < ends, itertools.count()):
            meter.add(1, 100, 1)
            self.published += 1
            await asyncio.sleep(pause)

    async def billed(self) -> int:
        async with self.database.reading() as session:
            now = int(time.time()) // 60
            found = await self.usage.totals(session, Scope("acme"), now - 60, now + 60)
        return sum(used.counts.operations for used in found if used.meter == PUBLISH)

    async def settled(self) -> None:
        """Wait until all is billed that was published, and a while more, in which nothing may be added."""
        async with asyncio.timeout(patient(DEADLINE_SECONDS)):
            while await self.billed() < self.published:
                await asyncio.sleep(0.05)
        await asyncio.sleep(0.3)
        assert await self.billed() == self.published
