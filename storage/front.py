"""What listens at a node's port: links of routers are served here, and all else is passed to the node's gRPC server.

A link's first bytes tell it apart. So there is one port to open between machines, and nodes that hand over, routers of
0.1 and whoever asks for health reach the same address.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Final, cast

from google.protobuf.message import DecodeError

from api.frames import PREFACE, FrameError, Frames
from api.link_security import LinkSecurity
from api.tasks import end, first
from storage.sessions import NotRead, Sessions

FIRST_BYTES_SECONDS: Final = 5.0
"""A connection that has not said by then what it is for is closed."""

BUFFER_BYTES: Final = 256 * 1024
"""So much is passed on at a time; a socket is not read while twice as much waits."""

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
        self._is_closed = False

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
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Arriving(self._begun), where, port, ssl=context)
        return int(self._server.sockets[0].getsockname()[1])

    async def close(self, grace_seconds: float) -> None:
        """Listen no more; connections that are open end after the grace."""
        self._is_closed = True
        if self._server is not None:
            self._server.close()
        if self._connections:
            await asyncio.wait(self._connections, timeout=grace_seconds)
        await end(*self._connections)

    def _begun(self, transport: asyncio.Transport, begun: bytes) -> None:
        """Take a connection that has said what it is for."""
        if self._is_closed:
            transport.abort()
            return
        if begun.startswith(PREFACE):
            frames = Frames(asks=False)
            _hand_over(transport, frames, begun[len(PREFACE) :])
            work = self._sessions.serve_frames(frames)
        else:
            reader = asyncio.StreamReader(limit=BUFFER_BYTES)
            protocol = asyncio.StreamReaderProtocol(reader)
            _hand_over(transport, protocol, begun)
            writer = asyncio.StreamWriter(transport, protocol, reader, asyncio.get_running_loop())
            work = self._passed_on(reader, writer)
        connection = asyncio.create_task(self._connection(transport, work))
        self._connections.add(connection)
        connection.add_done_callback(self._connections.discard)

    async def _connection(self, transport: asyncio.Transport, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except OSError:
            pass  # it left
        except (NotRead, FrameError, DecodeError, ValueError) as reason:
            peer = transport.get_extra_info("peername")
            _log.warning("the link of the router at %s ends: %s", peer, reason or type(reason).__doc__)
        except Exception:  # noqa: BLE001 - whatever it was, it concerns this connection alone
            _log.exception("a connection failed")
        finally:
            transport.abort()

    async def _passed_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_grpc, to_grpc = await asyncio.open_unix_connection(self._grpc_path, limit=BUFFER_BYTES)
        try:
            await first(_copied(reader, to_grpc), _copied(from_grpc, writer))
        finally:
            to_grpc.close()


class _Arriving(asyncio.Protocol):
    """A connection that has not said yet what it is for."""

    def __init__(self, begun: Callable[[asyncio.Transport, bytes], None]) -> None:
        self._told = begun
        self._begun = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._patience = asyncio.get_running_loop().call_later(FIRST_BYTES_SECONDS, self._transport.abort)

    def data_received(self, data: bytes) -> None:
        self._begun += data
        if len(self._begun) >= len(PREFACE) or not PREFACE.startswith(self._begun):
            self._patience.cancel()
            self._told(self._transport, self._begun)

    def connection_lost(self, exc: Exception | None) -> None:
        self._patience.cancel()


def _hand_over(transport: asyncio.Transport, protocol: asyncio.Protocol, data: bytes) -> None:
    """Have another protocol go on with a connection, of which this has come already."""
    transport.set_protocol(protocol)
    protocol.connection_made(transport)
    if data:
        protocol.data_received(data)


async def _copied(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(BUFFER_BYTES):
        writer.write(data)
        await writer.drain()
