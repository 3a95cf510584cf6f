import asyncio

import pytest

from api.errors import NotFound, StreamMoved, TidingsError, Unauthenticated
from router.refusals import AT_ONCE, FREE_REFUSALS, MAX_CLIENTS, MOST_PAUSED, PAUSE_SECONDS, Refusals
from tests.unit.clock import Clock

CLIENT = ("192.0.2.1", 40_000)


async def seconds(refusals: Refusals, client: object = CLIENT, reason: TidingsError | None = None) -> float:
    """Return how long a refusal took."""
    loop = asyncio.get_running_loop()
    before = loop.time()
    await refusals.pause(client, reason or NotFound("x"))
    return round(loop.time() - before, 3)


async def test_the_third_refusal_within_ten_seconds_takes_a_while() -> None:
    refusals = Refusals(Clock())
    assert [await seconds(refusals) for _ in range(4)] == [0, 0, 0.75, 0.75]


async def test_after_ten_seconds_the_count_begins_anew() -> None:
    clock = Clock()
    refusals = Refusals(clock)
    for _ in range(3):
        await seconds(refusals)
    clock.advance(10.1)
    assert [await seconds(refusals) for _ in range(3)] == [0, 0, 0.75]


async def test_connections_are_counted_apart() -> None:
    refusals = Refusals(Clock())
    for _ in range(3):
        await seconds(refusals)
    assert await seconds(refusals, ("192.0.2.1", 40_001)) == 0


async def test_whoever_is_to_come_again_at_once_is_not_slowed_down() -> None:
    refusals = Refusals(Clock())
    assert [await seconds(refusals, reason=StreamMoved()) for _ in range(9)] == [0] * 9


@pytest.mark.parametrize("client", [None, ""])
async def test_a_client_without_an_address_is_not_counted(client: object) -> None:
    refusals = Refusals(Clock())
    assert [await seconds(refusals, client, Unauthenticated("x")) for _ in range(4)] == [0] * 4


def test_only_so_many_clients_are_remembered() -> None:
    refusals = Refusals(Clock())
    for port in range(MAX_CLIENTS + 10):
        refusals.count(("192.0.2.1", port))
    assert len(refusals._counts) <= MAX_CLIENTS


async def test_those_that_have_waited_go_on_some_in_each_turn() -> None:
    """A client that is refused for all its subscriptions has others wait for none of them."""
    refusals, told = Refusals(Clock()), list[float]()

    async def refused() -> None:
        told.append(await seconds(refusals))

    many = [asyncio.create_task(refused()) for _ in range(1000)]
    await asyncio.sleep(0)
    await asyncio.sleep(PAUSE_SECONDS)
    most = len(told)
    while len(told) < len(many):
        before = len(told)
        await asyncio.sleep(0)
        most = max(most, len(told) - before)
    assert most <= FREE_REFUSALS + AT_ONCE


async def test_more_than_may_wait_are_answered_at_once() -> None:
    """Calls that wait take places from those of others."""
    refusals = Refusals(Clock())
    many = [asyncio.create_task(seconds(refusals)) for _ in range(MOST_PAUSED + 10)]
    took = await asyncio.gather(*many)
    assert [took.count(0), took.count(PAUSE_SECONDS)] == [2 + 8, MOST_PAUSED]
