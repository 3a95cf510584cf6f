"""Clients that come to a TCP port, without a proxy before them."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from api.grpc_asgi import is_direct
from http2.server import Server
from tests.integration.http2.client import Client
from tests.integration.http2.serving import serving
from tests.ports import free_port


@asynccontextmanager
async def port_of(server: Server) -> AsyncGenerator[int]:
    port = free_port()
    await server.listen("127.0.0.1", port)
    yield port


async def test_the_client_is_who_connects_and_what_went_to_it_is_counted() -> None:
    async with serving(proxied=True) as service, port_of(service.server) as port:
        client = service.known(await Client.greeted(port))
        answer = await client.call("/echo", b"hello")
        assert (answer.status, bytes(answer.body)) == (0, b"hello")
        assert service.app.scopes[-1]["client"][0] == "127.0.0.1"
        assert is_direct(service.app.scopes[-1])
        counts = service.server.counts
        assert counts.direct_bytes == counts.sent_bytes > 0


async def test_another_process_may_listen_there_beside_this_one_and_take_over() -> None:
    async with serving() as older, port_of(older.server) as port, serving() as newer:
        await newer.server.listen("127.0.0.1", port)
        older.server.go_away()
        await asyncio.sleep(0.01)  # until the loop has closed the socket
        for _ in range(8):
            client = newer.known(await Client.greeted(port))
            assert (await client.call("/echo", b"x")).status == 0
        assert newer.server.connections == 8
        assert older.server.connections == 0


async def test_connections_beyond_the_bound_are_closed_and_those_there_are_served() -> None:
    async with serving(proxied=True, connections=2) as service, port_of(service.server) as port:
        first = [service.known(await Client.greeted(port)) for _ in range(2)]
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        with contextlib.suppress(ConnectionResetError):
            assert await reader.read() == b""
        writer.close()
        for client in first:
            assert (await client.call("/echo", b"x")).status == 0
        await service.leave()
        client = service.known(await Client.greeted(port))
        assert (await client.call("/echo", b"x")).status == 0
