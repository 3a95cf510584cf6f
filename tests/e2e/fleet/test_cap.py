"""Fifty publishers at three routers run into a spend cap: what was accepted is billed, what was refused is shown."""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from typing import Any

import grpc
import httpx
import pytest

from tests.e2e.fleet.connection import Connection
from tests.e2e.fleet.fleet import Fleet
from tests.e2e.fleet.test_quota import until_told
from tests.e2e.service import until
from tests.e2e.tenant import Tenant
from tests.e2e.wire import refusal

PUBLISHERS = 50
PAUSE_SECONDS = 0.2
CAP = 300
"""Publishes that cost as much as the cap is."""

MORE = 3
"""How often each publisher tries again after it was refused."""

PLAN = {
    "plan_id": "a-cent-each",
    "name": "A cent each",
    "currency": "USD",
    "prices": [{"meter": "publish_operations", "tiers": [{"unit_price": "0.01"}]}],
}


class Publishers:
    """Fifty clients of one account, the same number at each router, as far as that goes."""

    def __init__(self, fleet: Fleet, tenant: Tenant, cache: str) -> None:
        routers = fleet.routers
        self.answers: Counter[str] = Counter()
        self.refused_at: list[float] = []
        self._cache = cache
        self._clients = [Connection(routers[number % len(routers)].address, tenant.key) for number in range(PUBLISHERS)]

    async def run(self) -> None:
        """Publish until everybody was refused, and some more."""
        async with asyncio.TaskGroup() as publishing:
            for number, client in enumerate(self._clients):
                publishing.create_task(self._publish(client, PAUSE_SECONDS * number / PUBLISHERS))
        await asyncio.gather(*(client.aclose() for client in self._clients))

    async def _publish(self, client: Connection, delay: float) -> None:
        await asyncio.sleep(delay)
        while await self._answer(client) == "OK":
            await asyncio.sleep(PAUSE_SECONDS)
        self.refused_at.append(time.monotonic())
        later: Sequence[str] = [await self._answer(client) for _ in range(MORE)]
        assert set(later) == {"RESOURCE_EXHAUSTED"}, "a cap that holds lets nothing more through"

    async def _answer(self, client: Connection) -> str:
        answer = await client.publish(self._cache, "news", "x")
        self.answers[answer] += 1
        return answer


def capped(fleet: Fleet, operator: httpx.Client) -> tuple[Tenant, dict[str, Any]]:
    """Return an account with prices, and its budget."""
    tenant = fleet.sign_up()
    operator.post("/v1/admin/plans", json=PLAN).raise_for_status()
    path = f"/v1/admin/accounts/{tenant.account_id}/plan"
    operator.post(path, json={"plan_id": PLAN["plan_id"]}).raise_for_status()
    wanted = {"name": "three dollars", "amount": f"{CAP / 100:.2f}", "mode": "stop_publishing"}
    return tenant, tenant.http.post("/v1/budgets", json=wanted).raise_for_status().json()


async def test_fifty_publishers_that_cross_a_cap_are_billed_what_was_accepted(
    fleet: Fleet, operator: httpx.Client
) -> None:
    fleet.wait_for_nodes(len(fleet.nodes))
    tenant, budget = capped(fleet, operator)
    cache = tenant.new_cache()
    load = Publishers(fleet, tenant, cache)
    await asyncio.wait_for(load.run(), 60)
    accepted, refused = load.answers.pop("OK"), load.answers.pop("RESOURCE_EXHAUSTED")
    print(f"{accepted} accepted where {CAP} reach the cap; all refused within {spread(load):.2f} s")  # noqa: T201
    assert not load.answers
    assert accepted >= CAP, "nobody was refused before the cap was reached"
    told = await until_told(tenant, accepted)
    assert told["publish"] == accepted
    assert told["refused.spend_cap_reached"] == refused
    drafts = tenant.http.get("/v1/invoices/draft").raise_for_status().json()["drafts"]
    assert [draft["total"] for draft in drafts] == [f"{accepted / 100:.2f}"]
    with pytest.raises(grpc.RpcError) as refusing:
        fleet.client(tenant, fleet.routers[0]).publish(cache, "news", "x")
    said = refusal(refusing.value)
    assert (said.code, said.err) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "operations_rate_limit_exceeded")
    assert "spend cap 'three dollars' is reached" in said.message
    tenant.http.patch(f"/v1/budgets/{budget['budget_id']}", json={"amount": "1000.00"}).raise_for_status()
    await asyncio.to_thread(until, lambda: accepts(fleet, tenant, cache), what="a router that accepts again")


def spread(load: Publishers) -> float:
    return max(load.refused_at) - min(load.refused_at)


def accepts(fleet: Fleet, tenant: Tenant, cache: str) -> bool:
    try:
        fleet.client(tenant, fleet.routers[1]).publish(cache, "news", "x")
    except grpc.RpcError:
        return False
    return True
