"""The backplane in real Redis servers: one alone with a password, and one behind a Sentinel."""

from collections.abc import AsyncGenerator, Generator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from backplane.redis import RedisBackplane
from tests import guarded
from tests.e2e.service import free_port, until
from tests.redis_server import EXECUTABLE, RedisServer, redis_server

KINDS = ("standalone", "sentinel")
LEASE_SECONDS = 1.0


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


@pytest.fixture
async def pair(url: str) -> AsyncGenerator[tuple[RedisBackplane, RedisBackplane]]:
    """Two processes of one fleet."""
    one, two = (RedisBackplane(url, "test", lease_seconds=LEASE_SECONDS, abandoned_seconds=0.2) for _ in range(2))
    await one.start()
    await two.start()
    yield one, two
    await one.close()
    await two.close()
