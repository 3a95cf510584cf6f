"""The implementations of the backplane that one suite runs on, and real Redis servers: alone, and behind a Sentinel."""

import asyncio
import uuid
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator

import pytest

from backplane.interface import Directory, Node, Registry
from backplane.memory import MemoryDirectory, MemoryRegistry
from backplane.redis import RedisBackplane
from backplane.redis.registry import RedisRegistry
from tests.integration.backplane.sentinel import sentinel
from tests.patience import patient
from tests.redis_server import RedisServer, redis_server
from tests.unit.clock import Clock

KINDS = ("standalone", "sentinel")
LEASE_SECONDS = 1.0
LONG_LEASE_SECONDS = 300.0
"""Of leases that end when a test says so, and not when the machine stood still."""
DEADLINE_SECONDS = 30.0

_BRING_NEARER = """
for _, id in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
    redis.call('ZINCRBY', KEYS[1], -ARGV[1], id)
end
"""


@pytest.fixture(scope="module")
def server() -> Generator[RedisServer]:
    with redis_server(password="s3cret") as running:
        yield running


@pytest.fixture(params=KINDS)
def url(request: pytest.FixtureRequest, server: RedisServer) -> Generator[str]:
    if request.param == "standalone":
        server.command("FLUSHALL")
        yield server.url
    else:
        with redis_server() as watched, sentinel(watched) as asked:
            yield f"redis+sentinel://{asked.address}/main"


@pytest.fixture(params=["memory", "redis"])
async def directory(request: pytest.FixtureRequest) -> AsyncGenerator[Directory]:
    """A directory that nothing is in."""
    if request.param == "memory":
        yield MemoryDirectory()
        return
    server: RedisServer = request.getfixturevalue("server")
    backplane = RedisBackplane(server.url, f"directory-{uuid.uuid4().hex[:8]}")
    await backplane.start()
    await backplane.directory.mark_filled()
    yield backplane.directory
    await backplane.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["memory", "redis"])
async def registry(request: pytest.FixtureRequest, clock: Clock) -> AsyncGenerator[Registry]:
    """A registry with an empty map, whose leases pass by the fixture `wait`."""
    if request.param == "memory":
        yield MemoryRegistry(now=clock, lease_seconds=LONG_LEASE_SECONDS)
        return
    server: RedisServer = request.getfixturevalue("server")
    backplane = RedisBackplane(server.url, "registry", lease_seconds=LEASE_SECONDS)
    await backplane.start()
    async with asyncio.timeout(patient(DEADLINE_SECONDS)):
        while not backplane.registry.map().nodes:  # nobody sees a map before a lease's time is over
            await backplane.registry.beat(Node("first"))
            await asyncio.sleep(0.02)
        while backplane.registry.map().nodes:
            await backplane.registry.leave("first")
            await asyncio.sleep(0.02)
    backplane.registry.lease_seconds = LONG_LEASE_SECONDS
    yield backplane.registry
    for id in list(backplane.registry.map().nodes):
        await backplane.registry.leave(id)
    await backplane.close()


@pytest.fixture
def wait(request: pytest.FixtureRequest, registry: Registry, clock: Clock) -> Callable[[float], Awaitable[None]]:
    """Let a number of leases pass: in memory by the clock, in Redis by bringing the ends of all leases nearer."""

    async def pass_by(leases: float) -> None:
        clock.advance(leases * LONG_LEASE_SECONDS)
        if isinstance(registry, RedisRegistry):
            server: RedisServer = request.getfixturevalue("server")
            passed_ms = round(leases * LONG_LEASE_SECONDS * 1000)
            server.command("EVAL", _BRING_NEARER, "1", registry._keys[-1], str(passed_ms))

    return pass_by


@pytest.fixture
async def pair(url: str) -> AsyncGenerator[tuple[RedisBackplane, RedisBackplane]]:
    """Two processes of one fleet."""
    one, two = (RedisBackplane(url, "test", lease_seconds=LEASE_SECONDS, abandoned_seconds=0.2) for _ in range(2))
    await one.start()
    await two.start()
    yield one, two
    await one.close()
    await two.close()
