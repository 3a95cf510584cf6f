"""What listens at a node's port: links of routers are served here, and all else is passed to the node's gRPC server.

A link's first bytes tell it apart. So there is one port to open between machines, and nodes that hand over, routers of
0.1 and whoever asks for health reach the same address.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

from google.protobuf.message import DecodeError

from api import link_pb2 as wire
from api.frames import BUFFER_BYTES, PREFACE, FrameError, Frames
from api.link_security import LinkSecurity
from api.tasks import end, first
from storage.sessions import NotRead, Sessions

FIRST_BYTES_SECONDS: Final = 5.0
"""A connection that has not said by then what it is for is closed."""

_log = logging.getLogger(__name__)


class Front:
    """The listening socket of a node, and its connections."""

    def __init__(self, sessions: Sessions, security: LinkSecurity | None) -> None:
        """Serve links by `sessions`; without `security` whoever reaches the port is believed."""
        self._sessions = sessions
        self._security = security
        self._grpc_path = Path()
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()

    def __repr__(self) -> str:
        return f"<Front of {self._grpc_path}, {len(self._connections)} connections>"

    async def start(self, host: str, port: int, grpc_path: Path) -> int:
        """Listen; return the port, which is a free one for port 0.

        Args:
            host: An address of this machine or a name of one; `::` is all of them, those of IPv4 too.
            port: The port.
            grpc_path: The Unix socket of the gRPC server.

        Raises:
            OSError: it cannot be listened on.
        """
        self._grpc_path = grpc_path
        context = None if self._security is None else self._security.server
        where = None if host == "::" else host
        self._server = await asyncio.start_server(self._accepted, where, port, limit=BUFFER_BYTES, ssl=context)
        return int(self._server.sockets[0].getsockname()[1])

    async def close(self, grace_seconds: float) -> None:
        """Listen no more; connections that are open end after the grace."""
        if self._server is not None:
            self._server.close()
        if self._connections:
            await asyncio.wait(self._connections, timeout=grace_seconds)
        await end(*self._connections)

    def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = asyncio.create_task(self._connection(reader, writer))
        self._connections.add(connection)
        connection.add_done_callback(self._connections.discard)

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(FIRST_BYTES_SECONDS):
                begun = await reader.readexactly(len(PREFACE))
            if begun == PREFACE:
                await self._link(Frames(reader, writer, asks=False))
            else:
                await self._passed_on(begun, reader, writer)
        except (TimeoutError, asyncio.IncompleteReadError, OSError):
            pass  # it left, or never said a word
        except (NotRead, FrameError, DecodeError, ValueError) as reason:
            peer = writer.get_extra_info("peername")
            _log.warning("the link of the router at %s ends: %s", peer, reason or type(reason).__doc__)
        except Exception:  # noqa: BLE001 - whatever it was, it concerns this connection alone
            _log.exception("a connection failed")
        finally:
            writer.transport.abort()

    async def _link(self, frames: Frames) -> None:
        async def batches() -> AsyncIterator[wire.RouterBatch]:
            async for frame in frames.received():
                yield wire.RouterBatch.FromString(frame)

        async def send(batch: wire.NodeBatch) -> None:
            await frames.send(batch.SerializeToString())

        await self._sessions.serve(batches(), send)

    async def _passed_on(self, begun: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_grpc, to_grpc = await asyncio.open_unix_connection(self._grpc_path, limit=BUFFER_BYTES)
        to_grpc.write(begun)
        try:
            await first(_copied(reader, to_grpc), _copied(from_grpc, writer))
        finally:
            to_grpc.close()


async def _copied(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(BUFFER_BYTES):
        writer.write(data)
        await writer.drain()
