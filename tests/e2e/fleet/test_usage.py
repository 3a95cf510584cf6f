"""What a fleet bills is what it served, whatever of it is killed, and `tidings usage verify` proves it."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from typing import Any

import httpx

from tests.e2e.fleet.connection import Connection
from tests.e2e.fleet.effort import ROUNDS
from tests.e2e.fleet.fleet import Fleet
from tests.e2e.fleet.ledger import ACKNOWLEDGED, Seen
from tests.e2e.fleet.process import Member
from tests.e2e.fleet.workload import Reach, Shape, Workload
from tests.e2e.service import ROOT, until, within
from tests.e2e.tenant import Tenant
from tests.patience import patient

SETTLED_SECONDS = 60.0
QUIET_SECONDS = 3.0
HEARD_SECONDS = 30.0
TOLD_SECONDS = 6.0
"""Within these whoever counts has told of it."""

TOLD_WITHIN_SECONDS = 5.0
"""Usage is told by `GET /v1/usage` so long after the traffic at most."""

IN_FLIGHT = 1000
"""Items of a stream that may have been written and were not read when it broke: what its window holds."""


def usage(tenant: Tenant) -> Counter[str]:
    """Return the operations of each meter, by `GET /v1/usage`; nothing while the account service is not back."""
    try:
        answer = tenant.http.get("/v1/usage", params={"granularity": "month"})
    except httpx.TransportError:
        return Counter()
    rows: list[dict[str, Any]] = answer.json()["usage"] if answer.is_success else []
    return Counter({row["meter"]: row["operations"] for row in rows if row["operations"]})


def require_told(tenant: Tenant, publishes: int) -> None:
    """Wait for so many publishes to be told, no longer than it may take."""
    told = f"usage of {publishes} publishes"
    within(lambda: usage(tenant)["publish"] == publishes, TOLD_WITHIN_SECONDS, told)


async def settled(tenant: Tenant, at_least: int) -> Counter[str]:
    """Return what is billed when it changes no more."""
    deadline, quiet_since, known = time.monotonic() + patient(SETTLED_SECONDS), time.monotonic(), Counter[str]()
    while time.monotonic() < deadline:
        now = await asyncio.to_thread(usage, tenant)
        if now != known:
            known, quiet_since = now, time.monotonic()
        if known["publish"] >= at_least and time.monotonic() - quiet_since > QUIET_SECONDS:
            return known
        await asyncio.sleep(0.2)
    msg = f"{known} did not come to {at_least} publishes"
    raise AssertionError(msg)


def run(fleet: Fleet, *arguments: str) -> str:
    """Run `tidings usage` on the fleet's database; it must find nothing wrong."""
    assert fleet.postgres is not None
    command = [sys.executable, "-m", "cli.main", "usage", *arguments, "--database-url", fleet.postgres.url]
    ended = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True, timeout=patient(60))
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def verify(fleet: Fleet) -> str:
    """Run `tidings usage verify`, and return what it says."""
    return run(fleet, "verify")


def compared(fleet: Fleet) -> Counter[str]:
    """Return what was billed and what was counted elsewhere, also if an hour ended meanwhile."""
    hours = json.loads(run(fleet, "reconcile", "--so-far", "--json"))["hours"]
    names = ("publishes_billed", "publishes_stored", "publish_bytes_billed", "publish_bytes_stored")
    return Counter({name: sum(hour[name] for hour in hours) for name in names})


async def crashes(member: Member) -> None:
    """Kill the application of a member, with the Envoy that hosts it; its supervisor starts another."""
    for pid in await asyncio.to_thread(lambda: member.envoy_pids):
        os.kill(pid, signal.SIGKILL)


def heard(fleet: Fleet, before: Counter[str], messages: int) -> Counter[str]:
    """Return what was counted since `before` when all that storage nodes have stored is known."""

    def all_stored() -> bool:
        return compared(fleet)["publishes_stored"] - before["publishes_stored"] >= messages

    until(all_stored, seconds=HEARD_SECONDS, what=f"{messages} stored")
    return compared(fleet) - before


def at_rest(fleet: Fleet) -> Counter[str]:
    """Return what was counted of all that others have done with this fleet."""
    seen = [Counter[str]()]

    def says_the_same_again() -> bool:
        seen.append(compared(fleet))
        time.sleep(TOLD_SECONDS)
        return seen[-1] == compared(fleet)

    until(says_the_same_again, seconds=HEARD_SECONDS, what="counts that stay")
    return seen[-1]


def stored(load: Workload) -> int:
    """Return how many messages the topics hold: their newest numbers, which have no gaps."""
    return sum(max(item.number for seen in listeners for item in seen.items()) for listeners in books(load))


def books(load: Workload) -> list[list[Seen]]:
    return list(load.ledger.by_topic().values())


async def test_what_each_router_counts_is_told_within_five_seconds(fleet: Fleet) -> None:
    fleet.wait_for_nodes(3)
    tenant = fleet.sign_up()
    cache = tenant.new_cache()
    for published, router in enumerate(fleet.routers, 1):
        connection = Connection(router.address, tenant.key)
        assert await connection.publish(cache, "news", "x") == ACKNOWLEDGED
        await connection.aclose()
        await asyncio.to_thread(require_told, tenant, published)


async def test_what_is_billed_is_what_is_stored_whatever_is_killed(fleet: Fleet) -> None:
    postgres, accounts = fleet.postgres, fleet.accounts[0]
    assert postgres is not None
    fleet.wait_for_nodes(3)
    tenant = fleet.sign_up()
    reach = Reach([router.address for router in fleet.routers], tenant.key, tenant.new_cache())
    kills, before = 0, await asyncio.to_thread(at_rest, fleet)
    async with Workload(reach, Shape(topics=4, subscribers=2, publishers=3, interval_seconds=0.05)) as load:
        await load.go_on()
        for _ in range(ROUNDS):
            for router in fleet.routers:
                await asyncio.sleep(load.random.uniform(0, 1))  # at a random moment
                await crashes(router)
                kills += 1
                with load.at_ease():
                    await load.go_on(3, seconds=60)
            await crashes(accounts)
            with load.at_ease():
                await load.go_on(3, seconds=60)
            await asyncio.to_thread(lambda: fleet.redis.restart(empty=True))
            await load.go_on(3, seconds=60)
            await asyncio.to_thread(postgres.kill)
            await load.go_on(3, seconds=60)
            await asyncio.to_thread(postgres.start)
            await load.go_on(3, seconds=60)
        await load.settle()
    acknowledged = len(load.ledger.acknowledged())
    billed = await settled(tenant, acknowledged)
    received = sum(len(seen.items()) for seen in load.ledger.seen)
    assert acknowledged <= billed["publish"] <= stored(load)
    assert received <= billed["delivery"] <= received + kills * len(load.subscribers) * IN_FLIGHT
    assert "clean: " in await asyncio.to_thread(verify, fleet)
    counted = await asyncio.to_thread(heard, fleet, before, stored(load))
    assert counted["publishes_stored"] == stored(load)
    assert counted["publishes_billed"] == billed["publish"]
