"""Routers are asked how many subscribers a topic has, in one process and in a fleet."""

import time

from api.names import Topic
from backplane.audience import Heard, MemoryAudience
from backplane.interface import Process
from backplane.redis import RedisBackplane
from backplane.redis.questions import WAIT_SECONDS
from tests.integration.backplane.test_redis import Pair

LOBBY = Topic("acme", "cache_1", "lobby")


def count(topic: Topic) -> int:
    return {LOBBY: 4}.get(topic, 0)


async def announce(backplane: RedisBackplane, *routers: str) -> None:
    for id in routers:
        now = time.time()
        await backplane.registry.announce(Process(id, "router", "127.0.0.1:1", "1", now, now))


async def test_routers_in_this_process_are_asked() -> None:
    audience = MemoryAudience()
    assert await audience.subscribers(LOBBY) == Heard(0, 0, 0)
    stop = audience.answer(count)
    audience.answer(lambda _: 3)
    assert await audience.subscribers(LOBBY) == Heard(7, 2, 2)
    stop()
    stop()
    assert await audience.subscribers(LOBBY) == Heard(3, 1, 1)


async def test_routers_of_a_fleet_are_asked(pair: Pair) -> None:
    router, asking = pair
    router.audience.answer(count)
    began, found = time.monotonic(), Heard(0, 0, 1)
    while not found.is_complete and time.monotonic() < began + 20:  # its listener may not be there yet
        await announce(router, "router-1")
        found = await asking.audience.subscribers(LOBBY)
    assert found == Heard(4, 1, 1)


async def test_a_router_that_does_not_answer_is_told_of(pair: Pair) -> None:
    router, asking = pair
    router.audience.answer(count)
    began, found = time.monotonic(), Heard(0, 0, 0)
    while not found.answered and time.monotonic() < began + 20:
        await announce(router, "router-1", "router-2")
        began_asking = time.monotonic()
        found = await asking.audience.subscribers(LOBBY)
        assert time.monotonic() - began_asking < WAIT_SECONDS + 5
    assert (found.subscribers, found.answered, found.asked, found.is_complete) == (4, 1, 2, False)
