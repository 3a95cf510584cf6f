"""A limit on publishes holds for three routers together, and a refusal says which limit it was."""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence

import grpc
import httpx
import pytest

from tests.e2e.fleet.connection import Connection
from tests.e2e.fleet.fleet import Fleet
from tests.e2e.tenant import Tenant
from tests.e2e.wire import Client, Refusal, refusal
from tests.patience import patient

LIMIT = 50
SECONDS = 10.0
TICK_SECONDS = 0.01
WITHIN = 0.05
TOLD_SECONDS = 30.0
WINDOWS_SECONDS = 1.5
"""Longer than a router keeps what it counts to itself."""

OVERLOADS = {"even": (1.0, 1.0, 1.0), "uneven": (2.5, 0.45, 0.05), "all at one router": (0.0, 3.0, 0.0)}
"""What is asked of each router, in parts of the limit: three times the limit in all."""


class Load:
    """Publishes of one account at given rates, one for each router, and their answers."""

    def __init__(self, fleet: Fleet, tenant: Tenant, parts: Sequence[float]) -> None:
        self.answers: Counter[str] = Counter()
        self._connections = [Connection(router.address, tenant.key) for router in fleet.routers]
        self._rates = [part * LIMIT for part in parts]
        self._cache = tenant.new_cache()

    async def run(self) -> None:
        """Publish for ten seconds, whatever is answered meanwhile."""
        begun, sent = time.monotonic(), [0] * len(self._rates)
        async with asyncio.TaskGroup() as publishing:
            while (elapsed := time.monotonic() - begun) < SECONDS:
                for router, rate in enumerate(self._rates):
                    while sent[router] < rate * elapsed:
                        sent[router] += 1
                        publishing.create_task(self._publish(self._connections[router]))
                await asyncio.sleep(TICK_SECONDS)
        for connection in self._connections:
            await connection.aclose()

    async def _publish(self, connection: Connection) -> None:
        self.answers[await connection.publish(self._cache, "news", "x")] += 1


@pytest.fixture
def limited(fleet: Fleet, operator: httpx.Client) -> list[Tenant]:
    """Accounts that may publish so often, one for each kind of overload."""
    fleet.wait_for_nodes(len(fleet.nodes))
    tenants = [fleet.sign_up() for _ in OVERLOADS]
    for tenant in tenants:
        path, limit = f"/v1/admin/accounts/{tenant.account_id}/limits", {"publishes_per_second": {"value": LIMIT}}
        operator.patch(path, json=limit).raise_for_status()
    return tenants


async def test_three_routers_accept_the_limit_of_an_account_together(fleet: Fleet, limited: list[Tenant]) -> None:
    loads = [Load(fleet, tenant, parts) for tenant, parts in zip(limited, OVERLOADS.values(), strict=True)]
    await asyncio.gather(*(load.run() for load in loads))
    for name, load in zip(OVERLOADS, loads, strict=True):
        part = load.answers["OK"] / (LIMIT * SECONDS)
        print(f"{name}: {part:.1%} of the limit accepted, {load.answers}")  # noqa: T201
        assert set(load.answers) == {"OK", "RESOURCE_EXHAUSTED"}
        assert load.answers.total() > 2.5 * LIMIT * SECONDS, "this was no overload"
        assert abs(part - 1) <= WITHIN, name
    for tenant, load in zip(limited, loads, strict=True):
        told = await until_told(tenant, load.answers["OK"])
        assert told["publish"] == load.answers["OK"]
        assert told["refused.publish_rate_exceeded"] == load.answers["RESOURCE_EXHAUSTED"]


async def until_told(tenant: Tenant, publishes: int) -> Counter[str]:
    """Return how many requests usage has of each meter, once it has so many publishes and changes no more."""
    known = Counter[str]()
    async with asyncio.timeout(patient(TOLD_SECONDS)):
        while True:
            answer = await asyncio.to_thread(tenant.http.get, "/v1/usage", params={"granularity": "month"})
            rows = answer.raise_for_status().json()["usage"]
            now = Counter({row["meter"]: row["messages"] for row in rows})
            if now == known and now["publish"] >= publishes:
                return now
            known = now
            await asyncio.sleep(WINDOWS_SECONDS)


def refused_publish(client: Client, cache: str) -> Refusal:
    """Publish more than may be, and return the first refusal."""
    try:
        for _ in range(10 * LIMIT):
            client.publish(cache, "news", "x")
    except grpc.RpcError as error:
        return refusal(error)
    raise AssertionError(f"{10 * LIMIT} publishes at once are accepted")


def test_a_refusal_names_the_limit_its_value_and_the_use(fleet: Fleet, limited: list[Tenant]) -> None:
    tenant, router = limited[0], fleet.routers[2]
    cache, client = tenant.new_cache(), fleet.client(tenant, router)
    said = f"operations: {LIMIT} of {LIMIT} publishes a second in account '{tenant.account_id}' are used"
    refused = refused_publish(client, cache)
    assert (refused.code, refused.err) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "operations_rate_limit_exceeded")
    assert refused.message == said
    with httpx.Client(base_url=router.url, headers={"authorization": tenant.key}) as http:
        answers = (http.post(f"/topics/{cache}/news", content=b"x") for _ in range(10 * LIMIT))
        answer = next(answer for answer in answers if answer.status_code != 204)
        told = answer.json()
        assert (answer.status_code, told["code"], told["message"]) == (429, "publish_rate_exceeded", said)
        time.sleep(float(answer.headers["retry-after"]))  # what the answer asks for
        assert http.post(f"/topics/{cache}/news", content=b"x").status_code == 204


def test_the_fleet_holds_as_many_subscriptions_as_it_may(
    fleet: Fleet, operator: httpx.Client, limited: list[Tenant]
) -> None:
    tenant = limited[0]
    path, most = f"/v1/admin/accounts/{tenant.account_id}/limits", 5
    operator.patch(path, json={"subscriptions": {"value": most}}).raise_for_status()
    cache, clients = tenant.new_cache(), [fleet.client(tenant, router) for router in fleet.routers]
    opened = [clients[number % len(clients)].subscribe(cache, "news") for number in range(most)]
    for client in clients:
        refused = client.open(cache, "news").end()
        assert (refused.code, refused.err) == (
            grpc.StatusCode.RESOURCE_EXHAUSTED,
            "topic_subscriptions_limit_exceeded",
        )
        assert refused.message.startswith(f"subscriptions: {most} of {most} in account '{tenant.account_id}'")
    for subscription in opened:
        subscription.cancel()
