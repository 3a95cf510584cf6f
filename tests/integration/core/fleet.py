"""Several routers over several storage nodes, each pair joined by a real gRPC stream on the loopback interface."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager

from api.grpc_asgi import ASGIApp
from api.link import Sink
from backplane.interface import Node as NodeEntry
from backplane.memory import MemoryDirectory, MemoryRegistry
from router.app import RouterApp
from router.links.remote import RemoteLink
from router.pubsub import PUBLISH, SUBSCRIBE
from router.router import Router, RouterSettings
from storage.node import Node
from storage.server import Server
from tests.unit.asgi import GRPC, Connection, publish_request, subscribe_request
from tests.unit.credentials import PUBLIC_KEYS, account, token


class Gateway:
    """One router, and what clients do with it."""

    def __init__(self, router: Router) -> None:
        self.router = router
        self._app: ASGIApp = RouterApp(router)
        self._tasks: set[asyncio.Task[None]] = set()

    async def publish(self, text: str, topic: str = "topic", credential: str = "") -> Connection:
        """Publish as a client, and return how it was answered."""
        return await _connection(PUBLISH, publish_request("cache", topic, text), credential).through(self._app)

    async def subscribe(self, topic: str = "topic", number: int = 0, page: int = 0, credential: str = "") -> Connection:
        """Subscribe as a client; return when the first heartbeat is there."""
        client = _connection(SUBSCRIBE, subscribe_request("cache", topic, number, page), credential)

        async def serve() -> None:
            await self._app(client.scope, client.receive, client.send)

        task = asyncio.create_task(serve())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        await client.until(lambda: bool(client.kinds))
        return client

    async def close(self) -> None:
        """End what is still open."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self.router.close()


def _connection(path: str, body: bytes, credential: str) -> Connection:
    return Connection(path, [body], [GRPC, (b"authorization", (credential or token()).encode())])


@asynccontextmanager
async def fleet(
    *tenants: str, routers: int = 2, nodes: int = 3, settings: RouterSettings | None = None
) -> AsyncGenerator[list[Gateway]]:
    """Run a fleet that knows these accounts, each with a cache of the same name."""
    directory, registry = MemoryDirectory(), MemoryRegistry(lease_seconds=3600.0)
    await directory.put_keys(PUBLIC_KEYS)
    for tenant in tenants or ("acme",):
        await directory.put_account(account(tenant))
    async with AsyncExitStack() as stack:
        for number in range(nodes):
            server = Server(Node(f"node-{number}"), "127.0.0.1:0")
            port = await server.start()
            stack.push_async_callback(server.close, 0)
            await registry.beat(NodeEntry(f"node-{number}", f"127.0.0.1:{port}"))
        links: list[RemoteLink] = []

        def connect(node: NodeEntry, sink: Sink, map_version: Callable[[], int]) -> RemoteLink:
            links.append(link := RemoteLink(node.address, sink, map_version))
            link.start()
            return link

        gateways = [Gateway(Router(directory, registry, connect, settings or RouterSettings())) for _ in range(routers)]
        yield gateways
        for gateway in gateways:
            await gateway.close()
        for link in links:
            await link.close()
