"""A router over storage nodes in the same process, put together for a test."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import ClassVar

from api.account import AccountSnapshot
from api.errors import TidingsError, Unavailable
from api.grpc_asgi import Answer, ASGIApp, Message, Receive, Scope, Send
from api.link import Link, Sink
from api.names import Topic
from backplane.interface import Node as NodeEntry
from backplane.memory import MemoryDirectory, MemoryRegistry
from backplane.memory_quotas import MemoryQuotas
from cli.direct_link import DirectLink
from router.pubsub import PUBLISH, SUBSCRIBE, Pubsub
from router.router import Router, RouterSettings
from router.sharing import Sharing
from router.subscription import Subscription
from storage.node import Node
from tests.unit.asgi import GRPC, Connection, publish_request, subscribe_request
from tests.unit.credentials import PUBLIC_KEYS, account, token


class Promise:
    """An answer that is to come; an `api.grpc_asgi.Promise`."""

    def __init__(self) -> None:
        self.answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()

    def come(self, answer: Answer) -> None:
        self.answer.set_result(answer)


@dataclass
class World:
    """All parts, and what a client does with them."""

    directory: MemoryDirectory
    registry: MemoryRegistry
    nodes: dict[str, Node]
    router: Router
    pubsub: Pubsub
    asks_first: ClassVar[bool] = False
    """Whether the edge asks for an answer at once before it makes a call."""
    answered_first: ClassVar[int] = 0
    """How many it was."""
    tasks: set[asyncio.Task[None]] = field(default_factory=set[asyncio.Task[None]])

    def topic(self, name: str = "topic", cache: str = "cache", tenant: str = "acme") -> Topic:
        return Topic(tenant, f"{tenant}-{cache}", name)

    def owner(self, topic: Topic) -> Node:
        return self.nodes[self.router.owners.node_id(topic)]

    async def publish(
        self, text: str = "hello", topic: str = "topic", cache: str = "cache", credential: str | None = None
    ) -> Connection:
        """Publish as a client, and return how it was answered."""
        client = connection(PUBLISH, publish_request(cache, topic, text), credential)
        return await client.through(self.serve_publish)

    async def serve_publish(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a Publish as an edge does."""
        if not self.asks_first:
            await self.pubsub.publish(scope, receive, send)
            return
        with suppress(TidingsError):  # whose token it is, the first call finds out
            await self.router.bearers.bearer(dict(scope["headers"]).get(b"authorization", b"").decode("latin-1"))
        event = await receive()
        answerer = self.pubsub.at_once(scope, scope["client"])
        is_whole = event["type"] == "http.request" and not event["more_body"]
        promise = Promise()
        if answerer is None or not is_whole or not answerer.answer(event["body"], promise):
            coming = [event]

            async def received() -> Message:
                return coming.pop() if coming else await receive()

            await self.pubsub.publish(scope, received, send)
            return
        World.answered_first += 1
        answer = await promise.answer
        await send({"type": "http.response.start", "status": 200, "headers": answer.headers})
        await send({"type": "http.response.body", "body": answer.body})
        if answer.trailers:
            await send({"type": "http.response.trailers", "headers": answer.trailers})

    def subscribe(
        self,
        topic: str = "topic",
        number: int = 0,
        page: int = 0,
        cache: str = "cache",
        credential: str | None = None,
        *extra: tuple[bytes, bytes],
    ) -> Connection:
        """Subscribe as a client; the stream is served by a task of its own."""
        client = connection(SUBSCRIBE, subscribe_request(cache, topic, number, page), credential, *extra)
        self.serve(client, self.pubsub.subscribe)
        return client

    def serve(self, client: Connection, app: ASGIApp) -> asyncio.Task[None]:
        async def run() -> None:
            await app(client.scope, client.receive, client.send)

        task = asyncio.create_task(run())
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return task

    async def open(self, topic: str = "topic", number: int = 0, page: int = 0) -> Subscription:
        """Open a subscription below the protocol."""
        bearer = await self.router.bearers.bearer(token())
        return await self.router.subscribe(bearer, "cache", topic, number, page, never)

    @property
    def leftovers(self) -> dict[str, int]:
        """What a request may leave behind and must not: counts of everything that belongs to a subscription."""
        watched = [owned for node in self.nodes.values() for owned in node._topics.values()]
        return {
            "feeds": len(self.router.feeds),
            "subscriptions": len(self.router.subscriptions),
            "counted": sum(tenant._own.slots.open for tenant in self.router.tenants.all()),
            "watchers": sum(len(owned.watchers) for owned in watched),
        }


NOTHING_LEFT = {"feeds": 0, "subscriptions": 0, "counted": 0, "watchers": 0}


async def world(
    settings: RouterSettings | None = None,
    *accounts: AccountSnapshot,
    nodes: int = 2,
    directory: MemoryDirectory | None = None,
) -> World:
    """Put a router and storage nodes together; the account is acme unless others are given.

    Quotas are filled by the loop's clock, and no node's lease ends: on a loop that leaps, none of it is the machine's.
    """
    directory, registry = directory or MemoryDirectory(), MemoryRegistry(lease_seconds=float("inf"))
    await directory.put_keys(PUBLIC_KEYS)
    for snapshot in accounts or (account(),):
        await directory.put_account(snapshot)
    storage = {f"node-{number}": Node(f"node-{number}") for number in range(1, nodes + 1)}
    for name in storage:
        await registry.beat(NodeEntry(name))

    def connect(node: NodeEntry, sink: Sink, _: Callable[[], int]) -> Link:
        if node.id not in storage:
            raise Unavailable(f"storage node '{node.id}' is not here")
        return DirectLink(storage[node.id], sink)

    clock = asyncio.get_running_loop().time
    sharing = Sharing(MemoryQuotas(clock), "router", clock)
    router = Router(directory, registry, connect, settings or RouterSettings(), sharing=sharing)
    return World(directory, registry, storage, router, Pubsub(router))


def connection(path: str, body: bytes, credential: str | None = None, *extra: tuple[bytes, bytes]) -> Connection:
    """Return a client's gRPC request; acme's super user sends it unless another credential is given."""
    authorization = token() if credential is None else credential
    return Connection(path, [body], [GRPC, (b"authorization", authorization.encode()), *extra])


async def never() -> bool:
    return False
