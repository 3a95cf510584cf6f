"""Routers are asked what `$sys/` topics are listened to, and told, in one process and in a fleet."""

import time
from collections.abc import Sequence

from backplane.system import Interest, MemorySystemTopics, SystemItem
from tests.integration.backplane.test_audience import announce
from tests.integration.backplane.test_redis import Pair

USAGE, AUDIT = Interest("acme", "$sys/usage"), Interest("bolt", "$sys/audit")
ITEM = SystemItem("acme", "$sys/usage", '{"what":"só"}')


class Router:
    """Its subscribers listen to these."""

    def __init__(self, *interests: Interest) -> None:
        self._interests = interests
        self.told: list[SystemItem] = []

    def interests(self) -> Sequence[Interest]:
        return self._interests

    def tell(self, items: Sequence[SystemItem]) -> None:
        self.told += items


async def test_routers_in_this_process_are_asked_and_told() -> None:
    system, first, second = MemorySystemTopics(), Router(USAGE), Router(USAGE, AUDIT)
    stop = system.answer(first)
    system.answer(second)
    assert await system.interests() == {USAGE, AUDIT}
    stop()
    stop()
    await system.tell([ITEM])
    assert (first.told, second.told) == ([], [ITEM])


async def test_routers_of_a_fleet_are_asked_and_told(pair: Pair) -> None:
    one, other = pair
    first, second = Router(USAGE), Router(USAGE, AUDIT)
    one.system.answer(first)
    other.system.answer(second)
    await announce(one, "router-1", "router-2")
    began = time.monotonic()
    while await other.system.interests() != {USAGE, AUDIT} and time.monotonic() < began + 20:
        pass  # the listeners may not be there yet
    await other.system.tell([ITEM])
    assert (first.told, second.told) == ([ITEM], [ITEM])
