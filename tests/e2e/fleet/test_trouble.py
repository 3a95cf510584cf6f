"""One process of a fleet whose Python stands still, or whose clock is wrong; the others are well."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from tests.e2e.fleet.clients import RESUBSCRIBE_SECONDS
from tests.e2e.fleet.connection import Connection
from tests.e2e.fleet.fleet import Fleet
from tests.e2e.fleet.process import Member
from tests.e2e.fleet.workload import Reach, Shape, Workload
from tests.e2e.service import until
from tests.e2e.wire import explicit, topic_grant
from tests.patience import patient

TROUBLE = str(Path(__file__).parent / "trouble")
SKEWS = (1, 600, -600, -1)
FEW = Shape(topics=4, subscribers=4, publishers=1)


@asynccontextmanager
async def troubled(fleet: Fleet, **variables: str) -> AsyncGenerator[Member]:
    """One more router, with these variables."""
    router: Member = await asyncio.to_thread(fleet.add, "router", "router-troubled", **variables)
    try:
        yield router
    finally:
        await asyncio.to_thread(router.close)
        fleet.routers.remove(router)


@pytest.mark.timeout(patient(180))
async def test_a_router_whose_loop_is_blocked_is_unready_and_then_started_again(
    fleet: Fleet, fleet_reach: Reach, tmp_path: Path
) -> None:
    order = tmp_path / "block"
    async with troubled(fleet, PYTHONPATH=TROUBLE, TESTS_BLOCK_FILE=str(order)) as router:
        reach = replace(fleet_reach, addresses=[*fleet_reach.addresses, router.address])
        async with Workload(reach, FEW) as load:
            await load.go_on()
            (envoy,) = router.envoy_pids
            order.write_text("4")
            await asyncio.to_thread(until_it_says, router, 503)
            await asyncio.to_thread(until_it_says, router, 200)
            assert router.envoy_pids == [envoy]
            ended = [seen.name for seen in load.ledger.seen if seen.ends()]
            assert ended == [], "Envoy answers pings meanwhile, so that no stream may break"
            order.write_text("300")
            await load.until(lambda: router.envoy_pids not in ([], [envoy]), "another Envoy", seconds=60)
            with load.at_ease():
                await asyncio.to_thread(until_it_says, router, 200)
            await load.until(load.is_open, "resumed streams")
            await load.go_on(10)
            found = await load.settle()
    assert found.broken() == []
    assert set(found.discontinuities.values()) == {0}
    assert {sent.answer for sent in load.ledger.failed()} <= {"UNAVAILABLE", "DEADLINE_EXCEEDED"}


async def test_a_router_with_a_wrong_clock_keeps_the_map_and_refuses_by_its_own_time(
    fleet: Fleet, fleet_reach: Reach, tmp_path: Path
) -> None:
    clock = tmp_path / "clock"
    clock.write_text("0")
    async with troubled(fleet, PYTHONPATH=TROUBLE, TESTS_CLOCK_FILE=str(clock)) as router:
        reach = replace(fleet_reach, addresses=[fleet_reach.addresses[0], router.address])
        tenant = fleet.sign_up()
        cache = tenant.new_cache()
        soon = tenant.owner.disposable(tenant.key, explicit(topic_grant(cache)), seconds=300).api_key
        version = fleet.map().version
        async with aclosing(Connection(router.address, soon)) as limited, Workload(reach, FEW) as load:
            for skew in SKEWS:
                clock.write_text(str(skew))
                await load.until(lambda skew=skew: is_off_by(fleet, router, skew), f"a clock that is {skew} s off")
                await load.go_on(10)
                assert await limited.publish(cache, "topic", "value") == ("UNAUTHENTICATED" if skew == 600 else "OK")
            found = await load.settle()
        assert fleet.map().version == version, "a lease that ended by a wrong clock"
    assert found.broken() == []
    assert load.ledger.failed() == []
    assert [end for seen in load.ledger.seen for end in seen.ends()] == []


def until_it_says(router: Member, status: int) -> None:
    until(lambda: router.readiness() == status, seconds=60, what=f"the answer {status} to whether it is ready")


def is_off_by(fleet: Fleet, router: Member, seconds: float) -> bool:
    """Whether a router announces itself with a clock that is wrong by about so much."""
    return any(
        abs(process.clock - process.said_at - seconds) < RESUBSCRIBE_SECONDS
        for process in fleet.processes()
        if process.id == router.name
    )


async def test_pages_grow_also_on_a_node_with_a_wrong_clock(fleet: Fleet, tmp_path: Path) -> None:
    """Topics of a node that dies begin a page on it; then it dies, and they begin another one elsewhere."""
    clock = tmp_path / "clock"
    clock.write_text("600")
    late: Member = await asyncio.to_thread(
        fleet.add, "storage", "storage-late", PYTHONPATH=TROUBLE, TESTS_CLOCK_FILE=str(clock), TIDINGS_WEIGHT="10"
    )
    try:
        reach = await asyncio.to_thread(fleet.reach)
        async with Workload(reach, Shape(topics=12, subscribers=3, publishers=1)) as load:
            await load.go_on()
            await asyncio.to_thread(fleet.nodes[0].kill)
            await load.go_on(5)
            await asyncio.to_thread(late.kill)
            await load.go_on(5)
            found = await load.settle()
    finally:
        await asyncio.to_thread(late.close)
        fleet.nodes.remove(late)
        await asyncio.to_thread(fleet.nodes[0].restart)
    assert found.broken() == []
    assert max(found.pages.values()) >= 2
