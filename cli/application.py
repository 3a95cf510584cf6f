"""What the edge imports of every service: an ASGI application whose lifespan is the service's."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any, Protocol

from api.gone import forgotten
from api.grpc_asgi import Receive, Scope, Send
from cli.housekeeping import look_not_at_all
from cli.logs.start import log_to_standard_error
from cli.logs.variables import LogVariables

_log = logging.getLogger(__name__)

look_not_at_all()  # what the imports after this one make stays as long as the process


class Service(Protocol):
    """What serves requests between `start` and `close`."""

    async def start(self) -> None:
        """Begin; an exception ends the process."""
        ...

    async def close(self) -> None:
        """Stop."""
        ...

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None: ...


class Application:
    """Starts the service with the lifespan and hands it every request."""

    def __init__(self, compose: Callable[[], Service]) -> None:
        """`compose` puts the service together, on the service's loop."""
        self._compose = compose
        self._service: Service | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._service is not None and scope["type"] == "http":
            try:
                await self._service(scope, receive, send)
            except OSError as reason:
                if type(reason).__module__ != "pyvoy":
                    raise
                forgotten(reason)  # the client left
        elif scope["type"] == "lifespan":
            await self._lifespan(receive, send)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        asyncio.get_running_loop().set_exception_handler(_on_loop_exception)
        log_to_standard_error(LogVariables.read())
        try:
            service = self._compose()
            await service.start()
        except Exception as reason:  # noqa: BLE001 - whatever it was, the edge must be told
            _log.exception("the service could not start")
            await send({"type": "lifespan.startup.failed", "message": str(reason)})
            return
        self._service = service
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await service.close()
        await send({"type": "lifespan.shutdown.complete"})


def _on_loop_exception(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    # The edge completes a receive() that was cancelled meanwhile; nothing is lost by that.
    if isinstance(context.get("exception"), asyncio.InvalidStateError) and "pyvoy" in repr(context.get("handle")):
        return
    loop.default_exception_handler(context)
