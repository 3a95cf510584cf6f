"""`tidings doctor` beside a real fleet: it finds what is broken, and says what to do."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import cast

import httpx
import pytest

from backplane.interface import Process
from backplane.redis.registry import ANNOUNCED_SECONDS
from tests.e2e.certificates import issue
from tests.e2e.fleet.fleet import Fleet
from tests.e2e.fleet.process import Member
from tests.e2e.service import ROOT, until
from tests.patience import patient


@pytest.fixture(scope="module")
def small() -> Generator[Fleet]:
    with Fleet(routers=1, nodes=1, database="postgres") as running:
        yield running


def doctor(fleet: Fleet, **variables: str) -> tuple[int, dict[str, dict[str, str]]]:
    """Return the exit code, and the findings by check, the worst of each."""
    told = {**fleet.accounts[0].variables, **variables}
    known = ("TIDINGS_REDIS_URL", "TIDINGS_DATABASE_URL", "TIDINGS_TLS_CERT")
    environment = {name: value for name, value in told.items() if name in known}
    run = subprocess.run(
        [sys.executable, "-m", "cli.main", "doctor", "--json"],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=patient(60),
        check=False,
    )
    assert run.stdout, run.stderr
    order = ["error", "warning", "ok"]
    found: list[dict[str, str]] = sorted(
        json.loads(run.stdout), key=lambda one: order.index(one["level"]), reverse=True
    )
    assert all(one["advice"] or one["level"] == "ok" for one in found)
    return run.returncode, {one["check"]: one for one in found}


def test_a_healthy_fleet_has_no_error(small: Fleet) -> None:
    code, found = doctor(small)
    assert code == 0
    assert {check: one["level"] for check, one in found.items()} == {
        "redis": "ok",
        "redis disk": "warning",
        "accounts": "ok",
        "router": "ok",
        "storage": "ok",
        "database": "ok",
    }


def test_a_tier_that_is_not_there_is_named(small: Fleet) -> None:
    router = small.routers[0]
    router.kill()
    until(lambda: "router" not in {process.tier for process in small.processes()}, what="the end of its announcement")
    code, found = doctor(small)
    assert code == 9
    assert found["router"]["level"] == "error"
    assert "tidings router" in found["router"]["advice"]
    router.restart()


@contextmanager
def announced(fleet: Fleet, process: Process) -> Generator[None]:
    """Announce a process in its place: the doctor may take longer to start than an announcement lasts."""
    ended = threading.Event()

    def announce() -> None:
        while not ended.wait(ANNOUNCED_SECONDS / 5):
            fleet.announce(replace(process, clock=time.time()))

    with ThreadPoolExecutor(1) as thread:
        announcing = thread.submit(announce)
        try:
            yield
        finally:
            ended.set()
            announcing.result()


def test_a_process_that_stands_still_is_found(small: Fleet) -> None:
    until(lambda: "router" in {process.tier for process in small.processes()}, what="the router's announcement")
    process = next(process for process in small.processes() if process.tier == "router")
    with announced(small, process), small.routers[0].paused():
        code, found = doctor(small)
    assert (code, found["router router-1"]["level"]) == (9, "error")


def test_a_redis_or_a_database_that_is_not_there_is_named(small: Fleet) -> None:
    code, found = doctor(
        small,
        TIDINGS_REDIS_URL="redis://:s3cret@127.0.0.1:1",
        TIDINGS_DATABASE_URL="postgresql+psycopg://a:s3cret@127.0.0.1:1/x",
    )
    assert code == 9
    assert found["redis"]["level"] == found["database"]["level"] == "error"
    assert "s3cret" not in json.dumps(found)


def test_a_redis_that_is_full_is_found(small: Fleet) -> None:
    small.redis.fill()
    try:
        code, found = doctor(small)
        for member in small.members:
            until(lambda member=member: needs(member)["redis"] == "refuses calls", what=f"{member.name}'s word for it")
            assert member.readiness() == 200
    finally:
        small.redis.make_room()
    assert (code, found["redis"]["level"]) == (9, "error")
    assert "maxmemory" in found["redis"]["text"]
    small.wait_for_nodes(1)


def needs(member: Member) -> dict[str, str]:
    """Return what a process says of what it needs."""
    told = httpx.get(f"http://127.0.0.1:{member.health_port}/readyz").json()["dependencies"]
    return cast("dict[str, str]", told)


def test_a_certificate_is_looked_at(small: Fleet, tmp_path: Path) -> None:
    _, found = doctor(small, TIDINGS_TLS_CERT=str(issue(tmp_path, "example.com").server[0]))
    assert "it expires in" in found["certificate"]["text"] or "it lasts" in found["certificate"]["text"]
    broken = tmp_path / "broken.pem"
    broken.write_text("nothing")
    code, found = doctor(small, TIDINGS_TLS_CERT=str(broken))
    assert (code, found["certificate"]["level"]) == (9, "error")


def test_an_old_schema_is_found(small: Fleet) -> None:
    code, found = doctor(small, TIDINGS_DATABASE_URL=f"sqlite+aiosqlite:///{small.folder / 'empty.db'}")
    assert (code, found["database"]["level"]) == (9, "error")
    assert "has schema none" in found["database"]["text"]
