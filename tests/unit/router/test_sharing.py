"""Routers that share a limit: what they accept together, however the load moves, and while nobody hears of it."""

import asyncio
from collections.abc import Callable, Mapping

import pytest

from api.account import Limits
from api.errors import PublishRateExceeded, Unavailable
from backplane.interface import Demand, Exchanged
from backplane.memory_quotas import MemoryQuotas
from router.allowance import Allowance
from router.sharing import LOOK_SECONDS, Sharing
from tests.patience import patient
from tests.unit.clock import Clock

LIMIT = 100
STEP_SECONDS = 0.002
SECONDS = 10.0

Load = Callable[[int, float], float]
"""What clients ask of a router in each second, given the router's number and the time."""

OVERLOADS: Mapping[str, Load] = {
    "even": lambda _, __: LIMIT,
    "all at one router": lambda router, _: 3 * LIMIT if router == 0 else 0,
    "uneven": lambda router, _: (2.5 * LIMIT, 0.45 * LIMIT, 0.05 * LIMIT)[router],
    "moving each second": lambda router, now: 3 * LIMIT if int(now) % 3 == router else 0,
    "moving five times a second": lambda router, now: 3 * LIMIT if int(now * 5) % 3 == router else 0,
    "barely": lambda _, __: 0.5 * LIMIT,
}

BELOW: Mapping[str, Load] = {
    "even": lambda _, __: 0.3 * LIMIT,
    "all at one router": lambda router, _: 0.9 * LIMIT if router == 0 else 0,
}


class Store(MemoryQuotas):
    """Quotas that a test may put out of reach."""

    is_away = False

    async def exchange(self, router_id: str, demands: Mapping[str, Demand]) -> Exchanged:
        if self.is_away:
            raise Unavailable("the backplane cannot be reached")
        return await super().exchange(router_id, demands)


class Routers:
    """Three routers that serve one account."""

    def __init__(self, limit: int = LIMIT, subscriptions: int = 100) -> None:
        self.clock = Clock()
        self.store = Store(self.clock)
        self.sharings = [Sharing(self.store, f"router-{number}", self.clock) for number in range(3)]
        limits = Limits(publishes_per_second=limit, subscriptions=subscriptions)
        self.allowances = [sharing.allowance("acme", "account 'acme'", limits) for sharing in self.sharings]
        self._looks = [number * LOOK_SECONDS / 3 for number in range(3)]
        self._waiting = [0.0] * 3

    async def serve(self, load: Load, seconds: float) -> tuple[int, int]:
        """Let clients publish for a while; return how many publishes were accepted, and how many were refused."""
        begun, accepted, refused = self.clock(), 0, 0
        while (now := self.clock() - begun) < seconds:
            await self._look()
            for number, allowance in enumerate(self.allowances):
                self._waiting[number] += load(number, now) * STEP_SECONDS
                while self._waiting[number] >= 1:
                    self._waiting[number] -= 1
                    granted = self._publish(allowance)
                    accepted, refused = accepted + granted, refused + (not granted)
            self.clock.advance(STEP_SECONDS)
        return accepted, refused

    async def open_all(self, number: int, count: int) -> int:
        """Open so many subscriptions at one router; return how many were admitted."""
        admitted = 0
        for _ in range(count):
            if await self.sharings[number].has_room(self.allowances[number]):
                self.allowances[number].open()
                admitted += 1
        return admitted

    def delay_looks(self, seconds: float) -> None:
        """Have each router look so much later than it wants, as one whose loop is busy does."""
        self._looks = [at + seconds for at in self._looks]

    async def pass_time(self, seconds: float) -> None:
        await self.serve(lambda _, __: 0, seconds)

    async def _look(self) -> None:
        for number, sharing in enumerate(self.sharings):
            if self.clock() >= self._looks[number]:
                self._looks[number] = self.clock() + LOOK_SECONDS
                await sharing.look()

    def _publish(self, allowance: Allowance) -> bool:
        try:
            allowance.charge(100, self.clock())
        except PublishRateExceeded:
            return False
        return True


@pytest.fixture
def routers() -> Routers:
    return Routers()


@pytest.mark.parametrize("load", OVERLOADS.values(), ids=OVERLOADS)
async def test_under_an_overload_the_fleet_accepts_the_limit(routers: Routers, load: Load) -> None:
    """From the first message of a burst on, after a time in which nobody published."""
    await routers.pass_time(2.0)
    accepted, _ = await routers.serve(load, SECONDS)
    assert 0.95 * LIMIT * SECONDS <= accepted <= 1.05 * LIMIT * SECONDS


@pytest.mark.parametrize("load", BELOW.values(), ids=BELOW)
async def test_below_the_limit_nobody_is_refused(routers: Routers, load: Load) -> None:
    await routers.pass_time(2.0)
    _, refused = await routers.serve(load, SECONDS)
    assert refused == 0


async def test_after_a_long_rest_nobody_is_refused_below_the_limit(routers: Routers) -> None:
    await routers.serve(BELOW["all at one router"], 3.0)
    await routers.pass_time(30.0)
    _, refused = await routers.serve(BELOW["all at one router"], SECONDS)
    assert refused == 0


async def test_who_is_told_of_late_is_not_in_debt_below_the_limit(routers: Routers) -> None:
    load = BELOW["all at one router"]
    await routers.serve(load, 3.0)
    for _ in range(5):
        routers.delay_looks(0.7)
        _, refused = await routers.serve(load, 2.0)
        assert refused == 0


async def test_under_an_overload_with_late_looks_the_fleet_accepts_the_limit(routers: Routers) -> None:
    await routers.pass_time(2.0)
    total = 0
    for _ in range(5):
        routers.delay_looks(0.7)
        accepted, _ = await routers.serve(OVERLOADS["all at one router"], SECONDS / 5)
        total += accepted
    assert total <= 1.05 * LIMIT * SECONDS


async def test_a_limit_that_changes_holds_from_then_on(routers: Routers) -> None:
    even = OVERLOADS["even"]
    await routers.serve(even, 3.0)
    for allowance in routers.allowances:
        allowance.change(allowance.place, Limits(publishes_per_second=LIMIT // 2))
    await routers.serve(even, 2.0)
    accepted, _ = await routers.serve(even, SECONDS)
    assert accepted == pytest.approx(LIMIT // 2 * SECONDS, rel=0.05)


@pytest.mark.parametrize("load", OVERLOADS.values(), ids=OVERLOADS)
async def test_without_the_store_the_fleet_accepts_twice_the_limit_at_most(routers: Routers, load: Load) -> None:
    await routers.serve(load, 3.0)
    routers.store.is_away = True
    accepted, _ = await routers.serve(load, SECONDS)
    assert 0.3 * LIMIT * SECONDS <= accepted <= 2 * LIMIT * SECONDS
    assert all("alone" in repr(sharing) for sharing in routers.sharings)


async def test_when_the_store_is_back_the_limit_holds_again(routers: Routers) -> None:
    even = OVERLOADS["even"]
    await routers.serve(even, 3.0)
    routers.store.is_away = True
    await routers.serve(even, 5.0)
    routers.store.is_away = False
    await routers.serve(even, 2.0)
    accepted, _ = await routers.serve(even, SECONDS)
    assert accepted == pytest.approx(LIMIT * SECONDS, rel=0.05)


async def test_all_subscriptions_may_be_at_one_router(routers: Routers) -> None:
    assert await routers.open_all(0, 120) == 100
    assert await routers.open_all(1, 10) == 0
    refusal = routers.allowances[1].full()
    assert refusal.message == "subscriptions: 100 of 100 in account 'acme'; no more subscribers are admitted"


async def test_a_burst_at_all_routers_opens_no_more_than_the_limit(routers: Routers) -> None:
    admitted = [await routers.open_all(number, 1) for _ in range(60) for number in range(3)]
    assert 95 <= sum(admitted) <= 100
    await routers.pass_time(2.0)
    more = [await routers.open_all(number, 10) for number in range(3)]
    assert sum(admitted) + sum(more) == 100


async def test_a_refusal_counts_what_others_may_open_and_have_not_told_of_yet() -> None:
    routers = Routers(subscriptions=5)
    await routers.pass_time(2.0)
    assert [await routers.open_all(number, 1) for number in (0, 1, 2, 0, 1)] == [1] * 5
    for number, allowance in enumerate(routers.allowances):
        assert await routers.open_all(number, 1) == 0
        assert allowance.full().message.startswith("subscriptions: 5 of 5 in account 'acme'")


async def test_what_one_router_closes_another_may_open_soon(routers: Routers) -> None:
    await routers.pass_time(2.0)
    await routers.open_all(0, 100)
    for _ in range(40):
        routers.allowances[0].close()
    await routers.pass_time(0.2)
    assert await routers.open_all(1, 50) == 39  # one is kept for whoever comes next to the first


async def test_the_room_of_a_router_that_died_goes_to_others(routers: Routers) -> None:
    await routers.open_all(0, 100)
    del routers.sharings[0], routers.allowances[0]
    await routers.pass_time(3.1)
    assert await routers.open_all(0, 101) == 100


async def test_without_the_store_twice_as_many_subscriptions_are_open_at_most(routers: Routers) -> None:
    await routers.pass_time(2.0)
    await routers.open_all(0, 100)
    routers.store.is_away = True
    await routers.pass_time(2.0)
    more = [await routers.open_all(number, 100) for number in range(3)]
    assert more == [0, 33, 33]
    routers.store.is_away = False
    await routers.pass_time(2.0)
    assert [await routers.open_all(number, 1) for number in range(3)] == [0, 0, 0]


async def test_an_allowance_that_is_first_used_without_the_store_is_an_equal_part(routers: Routers) -> None:
    await routers.serve(OVERLOADS["even"], 2.0)
    routers.store.is_away = True
    await routers.serve(OVERLOADS["even"], 1.0)
    late = routers.sharings[0].allowance("late", "account 'late'", Limits(publishes_per_second=90, subscriptions=30))
    assert late.publishes.rate == 30
    assert await routers.sharings[0].has_room(late)
    assert late.slots.granted == 10


async def test_what_nobody_uses_is_not_told_of(routers: Routers) -> None:
    await routers.serve(OVERLOADS["even"], 1.0)
    assert "1 used" in repr(routers.sharings[0])
    await routers.pass_time(10.0)
    assert "0 used" in repr(routers.sharings[0])


class Told(MemoryQuotas):
    """Quotas that note what they are told."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[set[str]] = []

    async def exchange(self, router_id: str, demands: Mapping[str, Demand]) -> Exchanged:
        self.told.append(set(demands))
        return await super().exchange(router_id, demands)


async def test_it_wakes_for_what_is_asked_and_else_once_a_second() -> None:
    quotas = Told()
    sharing = Sharing(quotas, "router-1", asyncio.get_running_loop().time)
    acme = sharing.allowance("acme", "account 'acme'", Limits(publishes_per_second=LIMIT))
    looks = 0

    async def look() -> None:
        nonlocal looks
        looks += 1
        await Sharing.look(sharing)

    sharing.look = look
    running = asyncio.create_task(sharing.run())
    try:
        async with asyncio.timeout(patient(10)):
            while len(quotas.told) < 2:  # with nothing to tell
                await asyncio.sleep(0.01)
        assert (quotas.told, looks) == ([set(), set()], 2)
        acme.charge(1, sharing.now())
        acme.charge(1, sharing.now())
        await asyncio.sleep(2 * LOOK_SECONDS)
        assert looks > 2
    finally:
        running.cancel()
