"""`/healthz` and `/readyz` of a process that no Envoy hosts, on a port of their own.

They are answered by the same event loop as everything else, so that a loop that is blocked answers neither.
"""

import asyncio
import contextlib
import socket
from collections.abc import Callable, Generator

import uvicorn
from typing_extensions import override

from api.asgi import send_json, without_body
from api.grpc_asgi import Receive, Scope, Send
from cli.control_socket import State
from cli.hosted import LIVENESS, READINESS
from cli.refusals import AddressUnavailable


class HealthServer:
    """Serves the two paths; `state` tells how the process stands."""

    def __init__(self, tier: str, state: Callable[[], State]) -> None:
        self._tier = tier
        self._state = state
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
        config = uvicorn.Config(self, http="h11", ws="none", lifespan="off", log_config=None, access_log=False)
        self._server = _Server(config)
        self._serving = asyncio.create_task(self._server.serve([listener]))
        return int(listener.getsockname()[1])

    async def close(self) -> None:
        """Stop."""
        if self._server is not None and self._serving is not None:
            self._server.should_exit = True
            await self._serving

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        state = self._state()
        answer = without_body(send) if scope["method"] == "HEAD" else send
        match scope["path"]:
            case path if path == LIVENESS:
                await send_json(answer, 200, {"tier": self._tier, "state": state})
            case path if path == READINESS:
                await send_json(answer, 200 if state == "serving" else 503, {"tier": self._tier, "state": state})
            case _:
                await send_json(answer, 404, {"code": "not_found", "message": "there is nothing at this path"})


class _Server(uvicorn.Server):
    @override
    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        """Leave the signals to the process, whose drain takes longer than this server's."""
        yield
