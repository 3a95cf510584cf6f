"""Whose turn it is, told by connections that note when they were asked to go on."""

import asyncio

from http2.counts import Counts
from http2.waiting import ALONE_REQUESTS, ALONE_SECONDS, CALM_REQUESTS, SHARED_REQUESTS, Waiting

SOME = 100


class Connection:
    """Has a number of requests to ask, and fails where it has less than none."""

    def __init__(self, requests: int, read: list["Connection"]) -> None:
        self.requests = requests
        self._read = read

    def go_on(self, requests: int) -> bool:
        if self.requests < 0:
            raise RuntimeError("a failure that a test wants")
        self._read.append(self)
        self.requests = max(self.requests - requests, 0)
        return self.requests > 0


def ignore(*_: object) -> None: ...


async def until_all_have_asked(counts: Counts) -> None:
    async with asyncio.timeout(10):
        while counts.waiting:
            await asyncio.sleep(0)


async def test_one_after_the_other_is_read() -> None:
    counts, read = Counts(), list[Connection]()
    waiting = Waiting(counts)
    one, two = (Connection(2 * SHARED_REQUESTS, read) for _ in range(2))
    for each in (one, two):
        waiting.add(each)
        waiting.asked(each, CALM_REQUESTS)
    await until_all_have_asked(counts)
    assert read == [one, two, one, two]


async def test_one_that_fails_does_not_stop_the_others() -> None:
    asyncio.get_running_loop().set_exception_handler(ignore)
    counts, read = Counts(), list[Connection]()
    waiting = Waiting(counts)
    other = Connection(SHARED_REQUESTS, read)
    for each in (Connection(-1, read), other):
        waiting.add(each)
    await until_all_have_asked(counts)
    assert read == [other]


async def test_one_that_has_ended_has_no_turn() -> None:
    counts, read = Counts(), list[Connection]()
    waiting = Waiting(counts)
    gone, other = (Connection(SHARED_REQUESTS, read) for _ in range(2))
    for each in (gone, other):
        waiting.add(each)
    waiting.forget(gone)
    assert counts.waiting == 1
    await until_all_have_asked(counts)
    assert read == [other]


async def test_one_that_asks_alone_is_read_more_of() -> None:
    waiting = Waiting(Counts())
    steady, new = (Connection(0, []) for _ in range(2))
    waiting.asked(steady, 1)
    assert waiting.requests(steady) == CALM_REQUESTS
    await asyncio.sleep(0.6 * ALONE_SECONDS)
    waiting.asked(steady, 1)
    await asyncio.sleep(0.6 * ALONE_SECONDS)
    assert waiting.requests(steady) == ALONE_REQUESTS
    assert waiting.requests(new) == CALM_REQUESTS
    waiting.asked(new, 1)
    assert waiting.requests(steady) == CALM_REQUESTS


async def test_those_that_wait_have_as_much_as_those_that_do_not() -> None:
    counts, read = Counts(), list[Connection]()
    waiting = Waiting(counts)
    calm = Connection(0, [])
    many = [Connection(SOME * SHARED_REQUESTS, read) for _ in range(SOME)]
    for each in many:
        waiting.add(each)
    waiting.asked(calm, 5 * SHARED_REQUESTS)
    while not read:
        await asyncio.sleep(0)
    assert read == many[:5]
    for each in many:
        waiting.forget(each)
    assert counts.waiting == 0
