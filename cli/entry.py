"""What the edge imports: `cli.entry:app`, an ASGI application whose lifespan is the service's."""

import asyncio
import logging
from typing import Any

from api.grpc_asgi import Receive, Scope, Send
from cli.embedded import Embedded
from cli.settings import EmbeddedSettings

_log = logging.getLogger(__name__)


class Application:
    """Starts the service with the lifespan and hands it every request."""

    def __init__(self) -> None:
        self._service: Embedded | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._service is not None and scope["type"] == "http":
            await self._service(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._lifespan(receive, send)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        asyncio.get_running_loop().set_exception_handler(_on_loop_exception)
        logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
        try:
            service = Embedded.compose(EmbeddedSettings.from_environment())
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


app = Application()
