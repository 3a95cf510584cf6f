"""Topics that a test writes, for webhooks to read; nobody else reads them."""

import asyncio
from collections.abc import Sequence

from accounts.webhook_deliveries.topics import Gap, Item, Position

PAGE = 1_900_000_000_000


class ScriptedTopics:
    """One log for each topic, on one page."""

    def __init__(self) -> None:
        self._logs: dict[tuple[str, str, str], list[str]] = {}
        self.more = asyncio.Event()
        self.open = 0

    def publish(self, account_id: str, cache: str, topic: str, *texts: str) -> None:
        self.log(account_id, cache, topic).extend(texts)
        self.more.set()
        self.more = asyncio.Event()

    def log(self, account_id: str, cache: str, topic: str) -> list[str]:
        return self._logs.setdefault((account_id, cache, topic), [])

    async def newest(self, account_id: str, cache: str, topic: str) -> Position:
        return Position(PAGE, len(self.log(account_id, cache, topic)))

    async def read(self, account_id: str, cache: str, topic: str, position: Position) -> "ScriptedReading":
        self.open += 1
        return ScriptedReading(self, self.log(account_id, cache, topic), position.number)


class ScriptedReading:
    def __init__(self, topics: ScriptedTopics, log: list[str], number: int) -> None:
        self._topics = topics
        self._log = log
        self._number = number

    async def next(self) -> Sequence[Item | Gap]:
        while self._number >= len(self._log):
            await self._topics.more.wait()
        first = self._number
        self._number = len(self._log)
        now = asyncio.get_running_loop().time()
        return [Item(PAGE, number, self._log[number - 1], "", now) for number in range(first + 1, self._number + 1)]

    def taken(self) -> None:
        """Nobody counts."""

    def newest(self) -> Position:
        return Position(PAGE, len(self._log))

    def close(self) -> None:
        self._topics.open -= 1
