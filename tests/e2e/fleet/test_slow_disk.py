"""The database's disk takes its time: people wait, and messages do not."""

import asyncio
import time

import httpx

from tests.e2e.fleet.control_tenant import control
from tests.e2e.fleet.fleet import Fleet
from tests.e2e.fleet.slow_disk import DELAY_SECONDS, slow_disk
from tests.e2e.fleet.workload import Reach
from tests.e2e.tenant import PASSWORD
from tests.patience import patient

LOG_INS = 3


def seconds_of_a_log_in(url: str, email: str) -> float:
    began = time.monotonic()
    httpx.post(f"{url}/v1/login", json={"email": email, "password": PASSWORD}, timeout=patient(20)).raise_for_status()
    return time.monotonic() - began


async def test_a_log_in_waits_for_the_disk_of_postgres_and_messages_do_not(fleet: Fleet, fleet_reach: Reach) -> None:
    assert fleet.postgres is not None
    url, email = fleet.accounts[0].url, fleet.sign_up().email
    usual = max([await asyncio.to_thread(seconds_of_a_log_in, url, email) for _ in range(LOG_INS)])
    async with control(fleet_reach) as beside:
        with slow_disk(fleet.postgres.pids):
            slowed = [await asyncio.to_thread(seconds_of_a_log_in, url, email) for _ in range(LOG_INS)]
    print(f"a log-in takes {usual:.2f} s, and {max(slowed):.2f} s with a slow disk")  # noqa: T201 - the row's figure
    assert DELAY_SECONDS <= max(slowed) < 3.0 + 5 * usual
    assert beside.failed == 0
    assert set(beside.findings.discontinuities.values()) == {0}
    assert beside.p99_seconds < DELAY_SECONDS
