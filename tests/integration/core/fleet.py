"""Several routers over several storage nodes, each pair joined by a real link on the loopback interface."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

from api.grpc_asgi import ASGIApp
from api.link import Sink
from api.tracing import Spans
from backplane.interface import Node as NodeEntry
from backplane.memory import MemoryDirectory, MemoryRegistry
from router.app import RouterApp
from router.links.remote import RemoteLink
from router.pubsub import PUBLISH, SUBSCRIBE
from router.router import Router, RouterSettings
from storage.member import Member
from storage.node import Node
from storage.server import Server
from tests.unit.asgi import GRPC, Connection, publish_request, subscribe_request
from tests.unit.credentials import PUBLIC_KEYS, account, token

DRAIN_SECONDS = 10.0


class Gateway:
    """One router, and what clients do with it."""

    def __init__(self, router: Router) -> None:
        self.router = router
        self._app: ASGIApp = RouterApp(router)
        self._tasks: set[asyncio.Task[None]] = set()

    async def publish(
        self, text: str, topic: str = "topic", credential: str = "", *extra: tuple[bytes, bytes]
    ) -> Connection:
        """Publish as a client, and return how it was answered."""
        request = _connection(PUBLISH, publish_request("cache", topic, text), credential, *extra)
        return await request.through(self._app)

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


class StorageNode:
    """One storage node, a member of the map."""

    def __init__(self, id: str, registry: MemoryRegistry, spans: Spans | None = None) -> None:
        self.id = id
        self._spans = spans
        self.node = Node(id)
        self._registry = registry
        self._member: Member | None = None

    async def join(self) -> None:
        """Serve, and enter the map."""
        self.member = self._member = Member(self.node, self._registry)
        self.server = Server(self.node, "127.0.0.1:0", self.member, spans=self._spans)
        port = await self.server.start()
        await self.member.join(NodeEntry(self.id, f"127.0.0.1:{port}"))

    async def leave(self) -> None:
        """Hand everything over, and go."""
        assert await self.member.drain(DRAIN_SECONDS, lambda: self.server.is_watched)
        await self.member.leave()
        await self.close()

    async def die(self) -> None:
        """Go without a word; the registry notices at once."""
        await self.close()
        await self._registry.leave(self.id)

    async def close(self) -> None:
        """Stop."""
        if self._member is not None:
            self._member = None
            await self.member.close()
            await self.server.close(0)


class Fleet:
    """All routers and nodes of a test; `spans` makes what each of them traces with, by the name of its tier."""

    def __init__(self, spans: Callable[[str], Spans | None] = lambda _: None) -> None:
        self._spans = spans
        self.directory = MemoryDirectory()
        self.registry = MemoryRegistry(lease_seconds=3600.0)
        self.nodes: dict[str, StorageNode] = {}
        self.gateways: list[Gateway] = []
        self._links: list[RemoteLink] = []

    async def start(self, tenants: tuple[str, ...], routers: int, nodes: int, settings: RouterSettings) -> None:
        """Let all come up."""
        await self.directory.put_keys(PUBLIC_KEYS)
        for tenant in tenants:
            await self.directory.put_account(account(tenant))
        for number in range(nodes):
            await self.join(f"node-{number}")
        for _ in range(routers):
            router = Router(self.directory, self.registry, self._connect, settings)
            if spans := self._spans("router"):
                router.trace(spans)
            self.gateways.append(Gateway(router))

    async def join(self, id: str) -> StorageNode:
        """Add a node."""
        node = self.nodes[id] = StorageNode(id, self.registry, self._spans("storage"))
        await node.join()
        return node

    async def close(self) -> None:
        """End everything."""
        for gateway in self.gateways:
            await gateway.close()
        for link in self._links:
            await link.close()
        for node in self.nodes.values():
            await node.close()

    def _connect(self, node: NodeEntry, sink: Sink, map_version: Callable[[], int]) -> RemoteLink:
        self._links.append(link := RemoteLink(node.address, sink, map_version))
        link.start()
        return link


def _connection(path: str, body: bytes, credential: str, *extra: tuple[bytes, bytes]) -> Connection:
    return Connection(path, [body], [GRPC, (b"authorization", (credential or token()).encode()), *extra])


@asynccontextmanager
async def running(
    *tenants: str,
    routers: int = 2,
    nodes: int = 3,
    settings: RouterSettings | None = None,
    spans: Callable[[str], Spans | None] = lambda _: None,
) -> AsyncGenerator[Fleet]:
    """Run a fleet that knows these accounts, each with a cache of the same name."""
    fleet = Fleet(spans)
    try:
        await fleet.start(tenants or ("acme",), routers, nodes, settings or RouterSettings())
        yield fleet
    finally:
        await fleet.close()


@asynccontextmanager
async def fleet(
    *tenants: str, routers: int = 2, nodes: int = 3, settings: RouterSettings | None = None
) -> AsyncGenerator[list[Gateway]]:
    """Run a fleet as `running` does; its routers are what the test is about."""
    async with running(*tenants, routers=routers, nodes=nodes, settings=settings) as all_parts:
        yield all_parts.gateways
