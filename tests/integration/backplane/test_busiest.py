"""Routers are asked for the busiest topics of a cache, in one process and in a fleet."""

import time
from collections.abc import Mapping, Sequence

from backplane.busiest import MOST_TOLD, BusyTopic, HeardTopics, MemoryBusiest, TopicUse
from tests.integration.backplane.test_audience import announce
from tests.integration.backplane.test_redis import Pair


class Counted:
    """A router that has counted these publishes of ten bytes, and has these subscribers."""

    def __init__(self, publishes: Mapping[str, int], subscribers: Mapping[str, int]) -> None:
        self._publishes = publishes
        self._subscribers = subscribers

    def busiest(self, account: str, cache: str, most: int) -> Sequence[TopicUse]:
        assert most == MOST_TOLD
        if (account, cache) != ("acme", "cache_1"):
            return []
        return [TopicUse(name, publishes, 10 * publishes) for name, publishes in self._publishes.items()]

    def audiences(self, account: str, cache: str, names: Sequence[str]) -> Sequence[int]:
        assert (account, cache) == ("acme", "cache_1")
        return [self._subscribers.get(name, 0) for name in names]


FIRST = Counted({"lobby": 5, "hall": 4}, {"hall": 1})
SECOND = Counted({"hall": 2, "só": 1}, {"lobby": 7, "hall": 2, "elsewhere": 9})
SUM = [BusyTopic("hall", 6, 60, 3), BusyTopic("lobby", 5, 50, 7)]


async def test_routers_in_this_process_are_asked() -> None:
    busiest = MemoryBusiest()
    assert await busiest.topics("acme", "cache_1", 2) == HeardTopics([], is_complete=True)
    stop = busiest.answer(FIRST)
    busiest.answer(SECOND)
    assert await busiest.topics("acme", "cache_1", 2) == HeardTopics(SUM, is_complete=True)
    assert await busiest.topics("acme", "cache_2", 2) == HeardTopics([], is_complete=True)
    stop()
    stop()
    alone = [BusyTopic("hall", 2, 20, 2), BusyTopic("só", 1, 10, 0)]
    assert await busiest.topics("acme", "cache_1", 2) == HeardTopics(alone, is_complete=True)


async def hears(pair: Pair, cache: str, expected: HeardTopics, *routers: str) -> None:
    """Ask until the answer is as expected: listeners may not be there yet, and who stands still answers too late."""
    router, asking = pair
    began, found = time.monotonic(), None
    while found != expected and time.monotonic() < began + 30:
        await announce(router, *routers)
        found = await asking.busiest.topics("acme", cache, 2)
    assert found == expected


async def test_routers_of_a_fleet_are_asked_and_one_that_is_silent_is_told_of(pair: Pair) -> None:
    router, asking = pair
    router.busiest.answer(FIRST)
    asking.busiest.answer(SECOND)
    await hears(pair, "cache_1", HeardTopics(SUM, is_complete=True), "router-1", "router-2")
    await hears(pair, "cache_2", HeardTopics([], is_complete=True), "router-1", "router-2")
    await hears(pair, "cache_1", HeardTopics(SUM, is_complete=False), "router-1", "router-2", "router-3")
