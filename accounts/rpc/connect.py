"""Puts unary RPCs on connectrpc, with the codec of Google's messages, bounded requests, and errors that do not leak."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

from connectrpc.code import Code
from connectrpc.compat import google_protobuf_codecs
from connectrpc.errors import ConnectError
from connectrpc.method import IdempotencyLevel, MethodInfo, StreamType
from connectrpc.request import RequestContext
from connectrpc.server import ConnectASGIApplication, Endpoint
from starlette.types import Message as Event
from starlette.types import Receive, Scope, Send
from typing_extensions import override

from accounts.rpc.service import Method
from api.errors import Internal, TidingsError

MAX_REQUEST_BYTES = 256 * 1024

_CODES = {
    3: Code.INVALID_ARGUMENT,
    4: Code.DEADLINE_EXCEEDED,
    5: Code.NOT_FOUND,
    6: Code.ALREADY_EXISTS,
    7: Code.PERMISSION_DENIED,
    8: Code.RESOURCE_EXHAUSTED,
    9: Code.FAILED_PRECONDITION,
    12: Code.UNIMPLEMENTED,
    13: Code.INTERNAL,
    14: Code.UNAVAILABLE,
    16: Code.UNAUTHENTICATED,
}

Req = TypeVar("Req")
Res = TypeVar("Res")

_log = logging.getLogger(__name__)


class ConnectService(ConnectASGIApplication[Mapping[str, Method]]):
    """An ASGI application of one gRPC service."""

    def __init__(self, name: str, methods: Mapping[str, Method]) -> None:
        """`name` is the service's full name, `methods` are by their names in it."""
        self._name = name
        super().__init__(  # pyright: ignore[reportUnknownMemberType] - its endpoints leave their messages open
            service=methods,
            endpoints=self._made,
            interceptors=[_Errors()],
            read_max_bytes=MAX_REQUEST_BYTES,
            codecs=google_protobuf_codecs(),
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await super().__call__(scope, _body_of(receive), send)  # pyright: ignore[reportUnknownMemberType]

    @property
    @override
    def path(self) -> str:
        return f"/{self._name}"

    def _made(self, methods: Mapping[str, Method]) -> Mapping[str, Any]:
        return {
            f"{self.path}/{name}": Endpoint.unary(
                method=MethodInfo(
                    name=name,
                    service_name=self._name,
                    input=method.request,
                    output=method.response,
                    stream_type=StreamType.UNARY,
                    idempotency_level=IdempotencyLevel.UNKNOWN,
                ),
                function=method.handler,
            )
            for name, method in methods.items()
        }


def _body_of(receive: Receive) -> Receive:
    """Return a `receive` that, after the end of the body, waits until it is cancelled.

    connectrpc asks in a loop whether the client is still there, and the edge answers at once, so that a core would
    spin for as long as the database takes.
    """
    ended = False

    async def body() -> Event:
        nonlocal ended
        if ended:
            await asyncio.get_running_loop().create_future()
        event = await receive()
        ended = not event.get("more_body", False)
        return event

    return body


class _Errors:
    """Gives each of our errors its status and its `err` trailer; of any other, clients learn nothing."""

    async def intercept_unary(
        self,
        call_next: Callable[[Req, RequestContext[Any, Any]], Awaitable[Res]],
        request: Req,
        ctx: RequestContext[Any, Any],
        /,
    ) -> Res:
        try:
            return await call_next(request, ctx)
        except TidingsError as error:
            shown = error
        except Exception:  # noqa: BLE001 - of what is not foreseen, clients learn nothing
            _log.exception("an RPC failed")
            shown = Internal()
        if shown.err:
            ctx.response_trailers["err"] = shown.err
        raise ConnectError(_CODES[shown.grpc], shown.message)
