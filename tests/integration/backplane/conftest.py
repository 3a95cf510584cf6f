"""The implementations of the backplane that one suite runs on, and real Redis servers: alone, and behind a Sentinel."""

import asyncio
import uuid
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from backplane.interface import Directory, Node, Registry
from backplane.memory import MemoryDirectory, MemoryRegistry
from backplane.redis import RedisBackplane
from tests import guarded
from tests.e2e.service import free_port, until
from tests.redis_server import EXECUTABLE, RedisServer, redis_server
from tests.unit.clock import Clock

KINDS = ("standalone", "sentinel")
LEASE_SECONDS = 1.0
DEADLINE_SECONDS = 10.0


@contextmanager
def sentinel() -> Generator[str]:
    with redis_server() as server, TemporaryDirectory(prefix="sentinel-") as folder:
        port = free_port()
        config = Path(folder) / "sentinel.conf"
        config.write_text(f"port {port}\nbind 127.0.0.1\nsentinel monitor main 127.0.0.1 {server.port} 1\n")
        watcher = RedisServer(Path(folder) / "unused")  # only to ask what answers at the port
        watcher.port = port
        command = [EXECUTABLE, str(config), "--sentinel"]
        with (
            (Path(folder) / "log").open("wb") as log,
            guarded.popen(command, folder=Path(folder), stdout=log, stderr=log) as process,
        ):
            try:
                until(lambda: answers(watcher), what="a Sentinel")
                yield f"redis+sentinel://127.0.0.1:{port}/main"
            finally:
                process.kill()


def answers(server: RedisServer) -> bool:
    try:
        return "PONG" in server.command("PING")
    except OSError:
        return False


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
        with sentinel() as found:
            yield found


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
    """A registry with an empty map, whose leases are as long as the fixture `wait` counts."""
    if request.param == "memory":
        yield MemoryRegistry(now=clock, lease_seconds=LEASE_SECONDS)
        return
    server: RedisServer = request.getfixturevalue("server")
    backplane = RedisBackplane(server.url, "registry", lease_seconds=LEASE_SECONDS)
    await backplane.start()
    async with asyncio.timeout(DEADLINE_SECONDS):
        while not backplane.registry.map().nodes:  # nobody sees a map before a lease's time is over
            await backplane.registry.beat(Node("first"))
            await asyncio.sleep(0.02)
    await backplane.registry.leave("first")
    yield backplane.registry
    for id in list(backplane.registry.map().nodes):
        await backplane.registry.leave(id)
    await backplane.close()


@pytest.fixture
def wait(request: pytest.FixtureRequest, clock: Clock) -> Callable[[float], Awaitable[None]]:
    """Let a number of leases pass, by the clock of the registry."""

    async def pass_by(leases: float) -> None:
        clock.advance(leases * LEASE_SECONDS)
        if request.node.callspec.params["registry"] == "redis":
            await asyncio.sleep(leases * LEASE_SECONDS)

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
