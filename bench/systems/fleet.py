"""Tidings as a fleet on this one machine: two routers on one port, two storage nodes, accounts and Redis.

Topics are in the nodes' memory as they are embedded; or durable, in Redis Streams that are written to disk each second
or before each answer.
"""

import secrets
import sys
from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Final

import httpx

from bench.protocols.tidings import TidingsDialect
from bench.systems.interface import FLEET, FLEET_GRPC_PORT, Running, process
from bench.systems.tidings import BUILT, FIRST_NUMBER

_HOST: Final = "127.0.0.1"
_CACHE: Final = "bench"
_ROOT: Final = Path(__file__).parents[2]


def fleet(folder: Path) -> AbstractContextManager[Running]:
    """Run a fleet whose topics are in memory."""
    return _running(folder, FLEET)


def by_grpc_port(folder: Path) -> AbstractContextManager[Running]:
    """Run the same, whose routers are spoken to past Envoy, as the front that is shipped does."""
    return _running(folder, FLEET_GRPC_PORT, past_envoy=True)


def everysec(folder: Path) -> AbstractContextManager[Running]:
    """Run a fleet with durable topics; the disk has them a second later."""
    return _running(folder, "durable, everysec", "everysec")


def always(folder: Path) -> AbstractContextManager[Running]:
    """Run a fleet with durable topics; the disk has them before the acknowledgement."""
    return _running(folder, "durable, always", "always")


@contextmanager
def _running(folder: Path, name: str, appendfsync: str = "", *, past_envoy: bool = False) -> Generator[Running]:
    command = [sys.executable, "-m", "bench.systems.fleet_process", str(folder)]
    with process([*command, *filter(None, [appendfsync])], folder, _ROOT) as started:
        assert started.stdout
        ready, *ports = started.stdout.readline().split() or [""]
        if ready != "ready":
            raise RuntimeError(f"the fleet ended with code {started.wait()} before it was ready")
        port, accounts, grpc_port = map(int, ports)
        key = _prepared(f"http://{_HOST}:{accounts}", durable=bool(appendfsync))
        dialect = TidingsDialect(_HOST, grpc_port if past_envoy else port, key, _CACHE)
        yield Running(name, BUILT, started.pid, dialect, FIRST_NUMBER)


def _prepared(accounts: str, *, durable: bool) -> str:
    """Sign up, make a cache, and return an API key."""
    person = {"email": "bench@example.com", "password": secrets.token_urlsafe()}
    key = {"role_id": "owner", "description": "", "expiry": "never"}
    with httpx.Client(base_url=accounts, timeout=20) as client:
        client.post("/v1/signup", json={**person, "account_name": "bench"}).raise_for_status()
        client.post("/v1/caches", json={"name": _CACHE, "durable": durable}).raise_for_status()
        return str(client.post("/v1/api-keys", json=key).raise_for_status().json()["api_key"])
