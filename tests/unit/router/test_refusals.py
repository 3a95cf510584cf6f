import asyncio

import pytest

from api.errors import NotFound, StreamMoved, TidingsError, Unauthenticated
from router.refusals import MAX_CLIENTS, Refusals
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
