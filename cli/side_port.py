"""A small HTTP server beside a service, on a port that its clients do not reach: for probes and for Prometheus."""

import asyncio
import contextlib
import socket
from collections.abc import Generator

import uvicorn
from typing_extensions import override

from api.grpc_asgi import ASGIApp
from cli.refusals import AddressUnavailable


class SidePort:
    """Serves an ASGI application on the event loop that it is started from."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._server: _Server | None = None
        self._serving: asyncio.Task[None] | None = None

    def start(self, host: str, port: int, setting: str) -> int:
        """Serve; return the port. `setting` is what chooses it.

        Raises:
            AddressUnavailable: It cannot be listened on.
        """
        try:
            family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
            listener = socket.create_server((host, port), family=family)
        except OSError as error:
            msg = f"port {port} on {host} cannot be listened on: {error.strerror or error}; see {setting}"
            raise AddressUnavailable(msg) from error
        config = uvicorn.Config(self._app, http="h11", ws="none", lifespan="off", log_config=None, access_log=False)
        self._server = _Server(config)
        self._serving = asyncio.create_task(self._server.serve([listener]))
        return int(listener.getsockname()[1])

    async def close(self) -> None:
        """Stop."""
        if self._server is not None and self._serving is not None:
            self._server.should_exit = True
            await self._serving


class _Server(uvicorn.Server):
    @override
    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        """Leave the signals to the process, whose drain takes longer than this server's."""
        yield
