"""Redis behind TLS, passwords, and Sentinels that elect another server."""

import asyncio
import ssl
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

import pytest

from api.errors import Unavailable
from backplane.interface import Node
from backplane.redis import RedisBackplane
from tests.e2e.certificates import Files, issue
from tests.e2e.service import until
from tests.integration.backplane.conftest import LEASE_SECONDS
from tests.integration.backplane.sentinel import sentinel
from tests.patience import patient
from tests.redis_server import RedisServer, redis_server
from tests.unit.credentials import account

PASSWORD, OF_SENTINEL = "s3cret", "s3ntinel"
DEADLINE_SECONDS = 90.0
"""A Sentinel elects nobody for 30 seconds after its machine stood still for two."""
NODE = Node("node-1", "127.0.0.1:1", boot="a")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    return issue(tmp_path_factory.mktemp("tls"), "redis.test")


@asynccontextmanager
async def tls_before(server: RedisServer, files: Files) -> AsyncGenerator[int]:
    """Terminate TLS in front of a server, which is built without it."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*files.server)

    async def copy(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await source.read(65_536):
                sink.write(data)
                await sink.drain()
        sink.close()

    async def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, to = await asyncio.open_connection("127.0.0.1", server.port)
        await asyncio.gather(copy(reader, to), copy(there, writer))

    listener = await asyncio.start_server(accepted, "127.0.0.1", 0, ssl=context)
    async with listener:
        yield int(listener.sockets[0].getsockname()[1])


@asynccontextmanager
async def started(url: str, ca_file: Path | None = None) -> AsyncGenerator[RedisBackplane]:
    backplane = RedisBackplane(url, "places", ca_file, lease_seconds=LEASE_SECONDS)
    await backplane.start()
    try:
        yield backplane
    finally:
        await backplane.close()


async def carries(writer: RedisBackplane, reader: RedisBackplane, version: int) -> None:
    """Hold that a change reaches the other side by itself, and that nodes come into the map."""
    heard: asyncio.Queue[int | None] = asyncio.Queue()
    end = reader.directory.watch_accounts(lambda _, snapshot: heard.put_nowait(snapshot and snapshot.version))
    await writer.directory.put_account(account(version=version))
    await reader.directory.account("acme")
    await writer.directory.put_account(account(version=version + 1))
    async with asyncio.timeout(patient(DEADLINE_SECONDS)):
        while await heard.get() != version + 1:
            pass
        while set(reader.registry.map().nodes) != {NODE.id}:
            await writer.registry.beat(NODE)
            await asyncio.sleep(0.05)
    end()


async def test_a_redis_behind_tls_with_a_password_carries_the_backplane(server: RedisServer, files: Files) -> None:
    async with tls_before(server, files) as port:
        url = f"rediss://:{PASSWORD}@127.0.0.1:{port}"
        async with started(url, files.authority) as one, started(url, files.authority) as two:
            await carries(one, two, 1)


@pytest.mark.parametrize("wrong", ["authority", "password", "plaintext"])
async def test_a_redis_is_unavailable_to_who_does_not_trust_it_or_is_not_trusted(
    server: RedisServer, files: Files, tmp_path: Path, wrong: str
) -> None:
    async with tls_before(server, files) as port:
        scheme = "redis" if wrong == "plaintext" else "rediss"
        url = f"{scheme}://:{PASSWORD if wrong != 'password' else 'guessed'}@127.0.0.1:{port}"
        authority = issue(tmp_path, "redis.test").authority if wrong == "authority" else files.authority
        async with started(url, authority) as backplane:
            assert backplane.state == "unreachable"
            with pytest.raises(Unavailable):
                await backplane.directory.put_account(account())


@contextmanager
def watched_pair() -> Generator[tuple[RedisServer, str]]:
    """A server with a replica, and a Sentinel that replaces the one by the other; return the first, and the URL."""
    secret = ("--masterauth", PASSWORD)
    with redis_server(PASSWORD, options=secret) as first:
        replica = ("--replicaof", "127.0.0.1", str(first.port), *secret)
        with redis_server(PASSWORD, options=replica) as second:
            until(lambda: "master_link_status:up" in second.command("INFO", "replication"), what="a replica")
            options = (
                f"sentinel auth-pass main {PASSWORD}",
                "sentinel down-after-milliseconds main 500",
                "sentinel failover-timeout main 3000",
            )
            with sentinel(first, OF_SENTINEL, options) as asked:
                port = f"port\r\n$5\r\n{second.port}"
                until(lambda: port in asked.command("SENTINEL", "REPLICAS", "main"), what="a Sentinel that knows both")
                yield first, f"redis+sentinel://:{PASSWORD}@{asked.address}/main?sentinel_password={OF_SENTINEL}"


async def test_the_backplane_goes_on_at_the_server_that_a_sentinel_elects() -> None:
    with watched_pair() as (first, url):
        async with started(url) as one, started(url) as two:
            await carries(one, two, 1)
            version = one.registry.map().version
            first.kill()
            async with asyncio.timeout(patient(DEADLINE_SECONDS)):
                while True:
                    assert set(two.registry.map().nodes) == {NODE.id}, "a map without its node"
                    with suppress(Unavailable):
                        await one.registry.beat(NODE)
                        if two.registry.map().version > version:
                            break
                    await asyncio.sleep(0.05)
            await carries(one, two, 3)
