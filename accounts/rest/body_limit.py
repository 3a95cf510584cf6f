"""Bounds the body of a REST request, in the shape of every other error; the framework's own refusal has none."""

from http import HTTPStatus

from starlette.exceptions import HTTPException

from api.asgi import is_grpc
from api.grpc_asgi import ASGIApp, Message, Receive, Scope, Send

MAX_BODY_BYTES = 64 * 1024


class BodyLimit:
    """Wraps an application. gRPC requests pass: they have a bound of their own."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or is_grpc(scope):
            await self._app(scope, receive, send)
        else:
            await self._app(scope, _bounded(receive), send)


def _bounded(receive: Receive) -> Receive:
    bytes_received = 0

    async def bounded() -> Message:
        nonlocal bytes_received
        event = await receive()
        bytes_received += len(event.get("body", b""))
        if bytes_received > MAX_BODY_BYTES:
            raise HTTPException(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"the body is longer than {MAX_BODY_BYTES} bytes; send less"
            )
        return event

    return bounded
