"""The workload against a service that nothing happens to, and against a restart; and that it would notice a loss."""

import asyncio
import signal

import pytest

from tests.e2e.fleet.control_tenant import control
from tests.e2e.fleet.findings import check
from tests.e2e.fleet.workload import Reach, Shape, Workload
from tests.e2e.service import Service
from tests.e2e.tenant import Tenant


@pytest.fixture
def reach(service: Service) -> Reach:
    with Tenant(service) as tenant:
        return Reach([f"127.0.0.1:{service.port}"], tenant.key, tenant.new_cache())


async def test_nothing_is_found_where_nothing_happened(reach: Reach) -> None:
    async with Workload(reach, Shape(topics=5)) as load:
        await load.go_on(10)
        found = await load.settle()
    assert found.broken() == []
    assert set(found.discontinuities.values()) == {0}
    assert set(found.pages.values()) == {1}
    assert load.ledger.failed() == []


async def test_a_message_that_is_taken_out_of_the_books_is_missed(reach: Reach) -> None:
    async with Workload(reach, Shape(topics=1)) as load:
        await load.go_on(3)
        await load.settle()
    seen = load.ledger.seen[0]
    seen.events.remove(seen.items()[2])
    found = check(load.ledger, durable=False)
    assert len(found.lost) == len(found.silent) == 1


async def test_subscribers_resume_over_a_rolling_restart(service: Service, reach: Reach) -> None:
    old = service.envoy_pid
    async with Workload(reach, Shape(topics=5)) as load, control(reach) as beside:
        service.signal(signal.SIGHUP)
        await load.until(
            lambda: service.envoy_pids not in ([old], []) and old not in service.envoy_pids, "a new Envoy", 60
        )
        await load.until(load.is_open, "resumed streams")
        await load.go_on()
        found = await load.settle()
        await asyncio.sleep(0)
    assert found.broken() == []
    assert {end.status for seen in load.ledger.seen for end in seen.ends()} == {"INTERNAL"}
    assert beside.findings.broken() == []
