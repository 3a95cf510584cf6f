"""A storage node on the network: serves the link of each router over one bidirectional gRPC stream."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Sequence
from typing import Any

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from api import link_pb2 as wire
from api import link_pb2_grpc
from api.blocks import READS, Item, Stored
from api.link_security import LinkSecurity, listen
from api.tracing import Spans
from storage.answered import Links
from storage.durable.topics import DurableTopics
from storage.member import Member
from storage.node import Node
from storage.ownership import Ownership, SoleOwnership
from storage.session import Session

MAX_BATCH_BYTES = 16 * 1024 * 1024
SERVICE = "tidings.link.v1.Storage"

_OPTIONS = [
    ("grpc.max_receive_message_length", MAX_BATCH_BYTES),
    ("grpc.max_send_message_length", MAX_BATCH_BYTES),
    ("grpc.http2.min_ping_interval_without_data_ms", 1000),
    # A router that keeps its connection alive must not be sent away for it (GOAWAY too_many_pings).
    ("grpc.http2.max_ping_strikes", 0),
    ("grpc.so_reuseport", 0),
]

_log = logging.getLogger(__name__)


class Storage(link_pb2_grpc.StorageServicer):
    """The service behind the inner link."""

    def __init__(self, node: Node, ownership: Ownership, durable: DurableTopics | None, spans: Spans | None) -> None:
        self.sessions: set[Session] = set()
        self.links = Links()
        self._durable = durable
        self._node = node
        self._ownership = ownership
        self._spans = spans

    async def Connect(self, request_iterator: AsyncIterator[wire.RouterBatch], context: Any) -> None:  # noqa: N802, ANN401 - generated name; the stubs leave the type open
        """Serve one router until it leaves, or does not read what it asked for."""
        session = Session(self._node, self._ownership, self._durable, self.links, self._spans)
        self.sessions.add(session)

        async def write(waiting: Sequence[wire.Event | Item | Stored]) -> None:
            for batch in session.batches(waiting):
                await context.write(batch)

        await context.write(wire.NodeBatch(reads=READS))

        async def read() -> None:
            async for batch in request_iterator:
                session.take_all(batch)

        work = [asyncio.create_task(c) for c in (read(), session.outbox.drain_into(write), _wait(session.overflowed))]
        try:
            done, _ = await asyncio.wait(work, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
            if session.overflowed.is_set():
                await context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "the router does not read what it watches")
        finally:
            self.sessions.discard(session)
            session.close()
            for task in work:
                task.cancel()
            await asyncio.gather(*work, return_exceptions=True)

    async def HandOver(self, request_iterator: AsyncIterator[wire.HandOverRequest], context: Any) -> None:  # noqa: N802, ANN401 - as above
        """Hand over to another node until it leaves."""
        if not isinstance(self._ownership, Member):
            await context.abort(grpc.StatusCode.FAILED_PRECONDITION, "this node is alone")
            return
        await self._ownership.give(request_iterator, context.write)


class Server:
    """The gRPC server of one storage node, with health and reflection."""

    def __init__(
        self,
        node: Node,
        address: str,
        ownership: Ownership | None = None,
        durable: DurableTopics | None = None,
        security: LinkSecurity | None = None,
        spans: Spans | None = None,
    ) -> None:
        """Serve `node` at `address`, `host:port`; with port 0 a free one is taken, see `start`.

        Without an `ownership` the node is alone and owns everything; without `durable` it keeps no durable topics;
        without `security` it believes whoever reaches it; without `spans` it makes none of what is published.
        """
        self._address = address
        self._security = security
        self._server = grpc.aio.server(options=_OPTIONS)
        self._health = health.aio.HealthServicer()
        generated: Any = link_pb2_grpc
        self._storage = Storage(node, ownership or SoleOwnership(), durable, spans)
        generated.add_StorageServicer_to_server(self._storage, self._server)
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        reflection.enable_server_reflection([SERVICE, health.SERVICE_NAME, reflection.SERVICE_NAME], self._server)

    @property
    def is_watched(self) -> bool:
        """Whether any router watches a topic here."""
        return any(session.is_watching for session in self._storage.sessions)

    @property
    def sessions(self) -> int:
        """How many routers are linked."""
        return len(self._storage.sessions)

    @property
    def waiting_bytes(self) -> int:
        """Bytes that wait for routers to read them."""
        return sum(session.outbox.waiting_bytes for session in self._storage.sessions)

    async def start(self) -> int:
        """Serve; return the port."""
        port = listen(self._server, self._address, self._security)
        await self._server.start()
        await self._health.set(SERVICE, health_pb2.HealthCheckResponse.SERVING)
        return port

    async def close(self, grace_seconds: float = 1.0) -> None:
        """Stop serving; streams that are open end after the grace."""
        with contextlib.suppress(asyncio.CancelledError):
            await self._health.enter_graceful_shutdown()
        await self._server.stop(grace_seconds)
        self._storage.links.close()


async def _wait(event: asyncio.Event) -> None:
    await event.wait()
