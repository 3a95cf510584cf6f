"""Quotas: one suite for memory, where a test turns the clock, and for Redis, where what was told fades late."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable

import pytest

from backplane.interface import Ceiling, Demand, Quotas, Use
from backplane.memory_quotas import FADE_SECONDS, MemoryQuotas
from backplane.redis import RedisBackplane
from backplane.redis.quotas import RedisQuotas
from tests.redis_server import RedisServer
from tests.unit.clock import Clock

CEILING = Ceiling(publishes_per_second=4, publish_bytes_per_second=400, subscriptions=10)
LONG_SECONDS = 300.0
"""What a test may take on a machine that stands still for a while: nothing that Redis was told fades before."""

Wait = Callable[[float], Awaitable[None]]


@pytest.fixture
def fade_seconds() -> float:
    """How long Redis counts what it was told."""
    return LONG_SECONDS


@pytest.fixture(params=["memory", "redis"])
async def quotas(request: pytest.FixtureRequest, clock: Clock, fade_seconds: float) -> AsyncGenerator[Quotas]:
    if request.param == "memory":
        yield MemoryQuotas(clock)
        return
    server: RedisServer = request.getfixturevalue("server")
    server.command("FLUSHALL")
    backplane = RedisBackplane(server.url, "test")
    await backplane.start()
    yield RedisQuotas(backplane._store, fade_seconds)
    await backplane.close()


@pytest.fixture
def passes(request: pytest.FixtureRequest, clock: Clock) -> Wait:
    """Let seconds pass, or more, by the clock of the quotas."""

    async def pass_by(seconds: float) -> None:
        clock.advance(seconds)
        if request.node.callspec.params["quotas"] == "redis":
            await asyncio.sleep(seconds)

    return pass_by


async def test_each_router_hears_what_is_asked_of_all_others(quotas: Quotas) -> None:
    for router, publishes in (("one", 5.0), ("two", 7.5)):
        demand = Demand(CEILING, publishes=publishes, publish_bytes=10 * publishes, subscriptions=2, slots=3)
        await quotas.exchange(router, {"acme": demand})
    heard = await quotas.exchange("three", {"acme": Demand(CEILING), "other": Demand(CEILING)})
    assert heard.routers == 3
    acme, other = heard.standings["acme"], heard.standings["other"]
    assert (acme.publishes, acme.publish_bytes, acme.subscriptions) == (12.5, 125.0, 4)
    assert (other.publishes, other.publish_bytes, other.subscriptions) == (0, 0, 0)


async def test_what_is_told_again_takes_the_place_of_what_was_told(quotas: Quotas) -> None:
    for publishes in (5.0, 1.0):
        await quotas.exchange("one", {"acme": Demand(CEILING, publishes=publishes)})
    heard = await quotas.exchange("two", {"acme": Demand(CEILING)})
    assert (heard.routers, heard.standings["acme"].publishes) == (2, 1.0)


async def test_a_router_with_nothing_to_tell_is_counted(quotas: Quotas) -> None:
    assert (await quotas.exchange("one", {})).routers == 1
    assert (await quotas.exchange("two", {})).routers == 2


async def test_routers_draw_on_one_bucket_and_may_be_in_debt_for_a_second(quotas: Quotas) -> None:
    fresh = (await quotas.exchange("one", {"acme": Demand(CEILING)})).standings["acme"]
    assert (fresh.publish_level, fresh.byte_level) == (4, 100)
    drawn = (await quotas.exchange("one", {"acme": Demand(CEILING, accepted=3, accepted_bytes=50)})).standings["acme"]
    assert 1 <= drawn.publish_level <= 4  # by how much it has filled since then
    deep = (await quotas.exchange("two", {"acme": Demand(CEILING, accepted=99, accepted_bytes=9999)})).standings["acme"]
    assert (deep.publish_level, deep.byte_level) == (-4, -400)


async def test_what_was_accepted_within_the_limit_before_it_was_told_is_no_debt(quotas: Quotas, passes: Wait) -> None:
    ceiling = Ceiling(publishes_per_second=40, publish_bytes_per_second=4000, subscriptions=10)
    await quotas.exchange("one", {"acme": Demand(ceiling)})
    await passes(1)
    demand = Demand(ceiling, accepted=36, accepted_bytes=3600)
    standing = (await quotas.exchange("one", {"acme": demand})).standings["acme"]
    assert (standing.publish_level, standing.byte_level) == (10, 1000)


async def test_all_routers_together_have_no_more_slots_than_the_limit(quotas: Quotas) -> None:
    async def slots(router: str, opened: int, wanted: int) -> int:
        demand = Demand(CEILING, subscriptions=opened, slots=wanted)
        return (await quotas.exchange(router, {"acme": demand})).standings["acme"].slots

    assert await slots("one", 0, 7) == 7
    assert await slots("two", 0, 7) == 3
    assert await slots("one", 5, 5) == 5
    assert await slots("two", 3, 7) == 5
    assert await slots("three", 2, 4) == 0  # two that it opened while it heard nothing are counted
    assert await slots("two", 0, 0) == 0
    assert await slots("one", 5, 9) == 8


async def test_what_is_used_is_what_was_accepted_since_it_was_told_before(quotas: Quotas, passes: Wait) -> None:
    assert await quotas.uses(["acme", "nobody"]) == {"acme": Use(), "nobody": Use()}
    await quotas.exchange("one", {"acme": Demand(CEILING, subscriptions=2)})
    await quotas.exchange("two", {"acme": Demand(CEILING, subscriptions=3)})
    await passes(0.05)
    await quotas.exchange("one", {"acme": Demand(CEILING, accepted=100, accepted_bytes=1000, subscriptions=2)})
    use = (await quotas.uses(["acme"]))["acme"]
    assert 100 / LONG_SECONDS < use.publishes <= 100 / 0.045
    assert use.publish_bytes == pytest.approx(10 * use.publishes, rel=0.01)
    assert use.subscriptions == 5
    assert await quotas.uses() == {"acme": use}


@pytest.mark.parametrize("fade_seconds", [1.0])
async def test_what_a_router_told_fades(quotas: Quotas, passes: Wait) -> None:
    await quotas.exchange("one", {"acme": Demand(CEILING, publishes=5.0, subscriptions=4, slots=10)})
    seen: tuple[float, ...] = ()
    for _ in range(40):
        await quotas.exchange("two", {"acme": Demand(CEILING, publishes=2.0, subscriptions=1, slots=1)})
        heard = await quotas.exchange("three", {"acme": Demand(CEILING, slots=10)})
        standing, use = heard.standings["acme"], (await quotas.uses(["acme"]))["acme"]
        seen = heard.routers, standing.publishes, standing.slots, use.subscriptions
        if seen == (2, 2.0, 9, 1):
            break
        await passes(FADE_SECONDS / 8)
    assert seen == (2, 2.0, 9, 1)
