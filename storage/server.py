"""A storage node on the network: a port for the links of routers, and a gRPC server behind it for all else."""

import contextlib
import tempfile
from asyncio import CancelledError
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from api import link_pb2 as wire
from api import link_pb2_grpc
from api.frames import MAX_FRAME_BYTES
from api.link_security import LinkSecurity
from api.tracing import Spans
from storage.durable.topics import DurableTopics
from storage.front import Front
from storage.member import Member
from storage.node import Node
from storage.ownership import Ownership, SoleOwnership
from storage.sessions import NotRead, Sessions

SERVICE = "tidings.link.v1.Storage"

_OPTIONS = [
    ("grpc.max_receive_message_length", MAX_FRAME_BYTES),
    ("grpc.max_send_message_length", MAX_FRAME_BYTES),
    ("grpc.http2.min_ping_interval_without_data_ms", 1000),
    # Who keeps its connection alive must not be sent away for it (GOAWAY too_many_pings).
    ("grpc.http2.max_ping_strikes", 0),
]


class Storage(link_pb2_grpc.StorageServicer):
    """The gRPC service: links of routers of 0.1, and what nodes hand over."""

    def __init__(self, sessions: Sessions, ownership: Ownership) -> None:
        self._sessions = sessions
        self._ownership = ownership

    async def Connect(self, request_iterator: AsyncIterator[wire.RouterBatch], context: Any) -> None:  # noqa: N802, ANN401 - generated name; the stubs leave the type open
        """Serve one router until it leaves, or does not read what it asked for."""
        try:
            await self._sessions.serve(request_iterator, context.write)
        except NotRead:
            await context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "the router does not read what it watches")

    async def HandOver(self, request_iterator: AsyncIterator[wire.HandOverRequest], context: Any) -> None:  # noqa: N802, ANN401 - as above
        """Hand over to another node until it leaves."""
        if not isinstance(self._ownership, Member):
            await context.abort(grpc.StatusCode.FAILED_PRECONDITION, "this node is alone")
            return
        await self._ownership.give(request_iterator, context.write)


class Server:
    """The server of one storage node, with health and reflection."""

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
        ownership = ownership or SoleOwnership()
        self._address = address
        self._sessions = Sessions(node, ownership, durable, spans)
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._front = Front(self._sessions, security)
        self._server = grpc.aio.server(options=_OPTIONS)
        self._health = health.aio.HealthServicer()
        generated: Any = link_pb2_grpc
        generated.add_StorageServicer_to_server(Storage(self._sessions, ownership), self._server)
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        reflection.enable_server_reflection([SERVICE, health.SERVICE_NAME, reflection.SERVICE_NAME], self._server)

    @property
    def is_watched(self) -> bool:
        """Whether any router watches a topic here."""
        return self._sessions.is_watched

    @property
    def sessions(self) -> int:
        """How many routers are linked."""
        return len(self._sessions)

    @property
    def waiting_bytes(self) -> int:
        """Bytes that wait for routers to read them."""
        return self._sessions.waiting_bytes

    async def start(self) -> int:
        """Serve; return the port.

        Raises:
            OSError: it cannot be listened on.
        """
        self._folder = tempfile.TemporaryDirectory(prefix="tidings-storage-")  # which nobody else may enter
        socket = Path(self._folder.name) / "grpc.sock"
        self._server.add_insecure_port(f"unix:{socket}")
        await self._server.start()
        await self._health.set(SERVICE, health_pb2.HealthCheckResponse.SERVING)
        host, _, port = self._address.rpartition(":")
        return await self._front.start(host.strip("[]"), int(port), socket)

    async def close(self, grace_seconds: float = 1.0) -> None:
        """Stop serving; streams that are open end after the grace."""
        with contextlib.suppress(CancelledError):
            await self._health.enter_graceful_shutdown()
        await self._front.close(grace_seconds)
        await self._server.stop(0)
        self._sessions.close()
        if self._folder is not None:
            self._folder.cleanup()
