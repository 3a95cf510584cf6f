"""What a link knows of the publishes whose fate its node has not told yet."""

import asyncio
import random

import pytest

from api.errors import DeadlineExceeded, Unavailable
from api.link import Receipt
from router.links.published import Published
from tests.patience import until


class Someone:
    """Who asked for a publish; an `api.link.Asker` that keeps what it is told."""

    def __init__(self) -> None:
        self.told_of: list[Receipt | Exception] = []
        self.counted = 0

    def stored(self) -> None:
        self.counted += 1

    def told(self, outcome: Receipt | Exception) -> None:
        self.told_of.append(outcome)

    @property
    def kinds(self) -> list[type]:
        return [type(outcome) for outcome in self.told_of]


def now() -> float:
    return asyncio.get_running_loop().time()


async def test_the_word_of_the_node_is_passed_on_once() -> None:
    published, first, second = Published(), Someone(), Someone()
    published.add(1, first, now() + 60)
    published.add(2, second, now() + 60)
    published.stored(1, Receipt(7, 3))
    published.stored(1, Receipt(7, 3))
    reason = Unavailable("no")
    assert published.refused(2, reason)
    assert not published.refused(2, reason)
    assert (first.counted, first.told_of, second.counted, second.told_of) == (1, [Receipt(7, 3)], 0, [reason])
    assert len(published) == 0


@pytest.mark.parametrize("hasty", [False, True])
async def test_what_is_stored_too_late_counts_all_the_same(hasty: bool) -> None:
    published, late = Published(), Someone()
    if hasty:
        published.add(1, Someone(), now() + 60)
    published.add(2, late, now() + 0.03)
    await until(lambda: bool(late.told_of))
    assert late.kinds == [DeadlineExceeded]
    published.stored(2, Receipt(7, 3))
    published.stored(2, Receipt(7, 3))
    assert (late.kinds, late.counted) == ([DeadlineExceeded], 1)


async def test_what_is_refused_too_late_is_told_to_nobody() -> None:
    published, late = Published(), Someone()
    published.add(1, late, now() + 0.02)
    await until(lambda: bool(late.told_of))
    assert published.refused(1, Unavailable("no"))
    assert (late.kinds, len(published)) == ([DeadlineExceeded], 0)


async def test_each_gives_up_in_its_time_whatever_came_before() -> None:
    published, chance, begun = Published(), random.Random(3), now()
    waits = [chance.uniform(0.02, 0.3) for _ in range(200)]
    gave_up: dict[int, float] = {}

    class Timed(Someone):
        def __init__(self, id: int) -> None:
            super().__init__()
            self.id = id

        def told(self, outcome: Receipt | Exception) -> None:
            assert isinstance(outcome, DeadlineExceeded)
            gave_up[self.id] = now() - begun

    for id, seconds in enumerate(waits):
        published.add(id, Timed(id), begun + seconds)
    await until(lambda: len(gave_up) == len(waits))
    assert all(gave_up[id] >= seconds - 0.002 for id, seconds in enumerate(waits))


async def test_nobody_gives_up_before_the_time_because_another_does() -> None:
    """As where all have a deadline of ten milliseconds, and one of them comes each millisecond."""
    published, late = Published(), list[int]()

    class Timed(Someone):
        def __init__(self, ends: float) -> None:
            super().__init__()
            self.ends = ends

        def told(self, outcome: Receipt | Exception) -> None:
            if isinstance(outcome, Exception) and now() < self.ends - 0.002:
                late.append(1)

    for id in range(200):
        ends = now() + 0.01
        published.add(id, Timed(ends), ends)
        await asyncio.sleep(0.001)
    published.lost(Unavailable("the end"))
    assert len(late) <= 15  # those under way at the end


async def test_when_the_link_is_lost_all_who_wait_are_told_and_all_are_asked_for_later() -> None:
    published, reason = Published(), Unavailable("broken")
    late, waiting, hasty = Someone(), Someone(), Someone()
    published.add(1, late, now() + 0.01)
    await until(lambda: bool(late.told_of))
    published.add(2, waiting, now() + 60)
    published.add(3, hasty, now() + 30)
    assert sorted(id for id, _ in published.askers()) == [1, 2, 3]
    published.lost(reason)
    assert (late.kinds, waiting.told_of, hasty.told_of) == ([DeadlineExceeded], [reason], [reason])
    assert late.counted == waiting.counted == hasty.counted == 0
