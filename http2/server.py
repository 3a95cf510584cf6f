"""A server of native gRPC clients: on a Unix socket to which a proxy passes them, and on a port for others."""

import asyncio
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

from http2.at_once import AtOnce, nobody
from http2.connection import App, Shared
from http2.counts import Counts
from http2.leaving import Leaving
from http2.limits import Limits
from http2.protocol import Socket
from http2.sending import Turn
from http2.stream import Stream
from http2.waiting import Waiting

BACKLOG = 4096


class Server:
    """All connections of one application.

    Attributes:
        counts: What they have seen.
    """

    def __init__(
        self,
        app: App,
        limits: Limits | None = None,
        *,
        scheme: str = "http",
        proxied: bool = True,
        ended: Callable[[Stream], None] | None = None,
        at_once: AtOnce = nobody,
    ) -> None:
        """Serve `app`.

        Args:
            app: An ASGI application; it gets requests of gRPC, whole.
            limits: For each connection, and for all.
            scheme: What clients speak to the proxy: http or https.
            proxied: Each connection to the Unix socket begins with a header of the PROXY protocol, which tells its
                client's address.
            ended: Called with each stream when it has ended, in whatever way; it must not raise.
            at_once: Asked before `app` for answers that need no task.
        """
        self.counts = Counts()
        self._sockets: set[Socket] = set()
        self._leaving = Leaving()
        shared = Shared(self.counts, Turn(), Waiting(self.counts), self._leaving, ended or _nobody_asks, at_once)
        self._socket = partial(Socket, self, app, limits or Limits(), shared, scheme=scheme, proxied=proxied)
        self._server: asyncio.AbstractServer | None = None
        self._direct: asyncio.AbstractServer | None = None

    def __repr__(self) -> str:
        return f"<Server of {len(self._sockets)} connections, {self.counts}>"

    @property
    def connections(self) -> int:
        """How many are open."""
        return len(self._sockets)

    async def start(self, path: Path) -> None:
        """Listen on a Unix socket, which only our own user may connect to."""
        before = os.umask(0o177)
        try:
            loop = asyncio.get_running_loop()
            self._server = await loop.create_unix_server(self._socket, str(path), backlog=BACKLOG)
        finally:
            os.umask(before)

    async def listen(self, host: str, port: int) -> None:
        """Listen for clients that come without a proxy, on a port that other processes may share.

        Raises:
            OSError: it cannot be listened on.
        """
        direct = partial(self._socket, proxied=False)
        loop = asyncio.get_running_loop()
        self._direct = await loop.create_server(direct, host, port, backlog=BACKLOG, reuse_port=True)

    async def close(self) -> None:
        """Listen no more, and end all connections."""
        if self._server is not None:
            self._server.close()
        self._close_port()
        for socket in list(self._sockets):
            socket.abort("the server ends")
        self._leaving.finish()
        await asyncio.sleep(0)

    def go_away(self) -> None:
        """Have all clients make new connections for what is new: where the proxy leads by then, or others listen."""
        self._close_port()
        for socket in list(self._sockets):
            socket.go_away()

    def _close_port(self) -> None:
        if self._direct is not None:
            self._direct.close()
            self._direct = None

    def opened(self, socket: Socket) -> None:
        self._sockets.add(socket)
        self.counts.connections += 1

    def closed(self, socket: Socket) -> None:
        self._sockets.discard(socket)
        self.counts.connections -= 1


def _nobody_asks(_: Stream) -> None: ...
