"""Subscriptions that end together."""

import asyncio

from router.end_queue import AT_ONCE, EndQueue


async def turn() -> None:
    await asyncio.sleep(0)


async def test_they_are_woken_in_their_order_and_others_have_a_turn_between_them() -> None:
    queue, woken = EndQueue(), list[int]()
    for number in range(2 * AT_ONCE + 1):
        queue.add(lambda number=number: woken.append(number))
    assert woken == []
    seen = list[int]()
    while len(woken) < 2 * AT_ONCE + 1:
        await turn()
        seen.append(len(woken))
    assert seen == [AT_ONCE, 2 * AT_ONCE, 2 * AT_ONCE + 1]
    assert woken == sorted(woken)


async def test_one_that_is_added_by_another_comes_after_those_that_wait() -> None:
    queue, woken = EndQueue(), list[str]()

    def first() -> None:
        woken.append("first")
        queue.add(lambda: woken.append("third"))

    queue.add(first)
    queue.add(lambda: woken.append("second"))
    assert repr(queue) == "<EndQueue of 2>"
    await turn()
    await turn()
    assert woken == ["first", "second", "third"]
