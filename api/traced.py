"""Makes a span of each request that is sampled."""

from collections.abc import Awaitable

from api.asgi import is_grpc
from api.grpc_asgi import ASGIApp, Message, Receive, Scope, Send
from api.log_context import bound
from api.tracing import Spans, within

_NO_SUCH_METHOD = "gRPC 12"


class Traced:
    """Wraps an application. The span has the name that is given, or else that of the method and the route."""

    def __init__(self, app: ASGIApp, spans: Spans, name: str = "") -> None:
        self._app = app
        self._spans = spans
        self._name = name

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        parent = self._spans.sampled(scope["headers"]) if scope["type"] == "http" else None
        if parent is None:
            return self._app(scope, receive, send)  # without a coroutine of its own around it
        return self._within_span(parent, scope, receive, send)

    async def _within_span(self, parent: str, scope: Scope, receive: Receive, send: Send) -> None:
        facts = {"http.request.method": scope["method"]}
        span = self._spans.begin(self._name or scope["method"], parent, facts, "server")
        status = ""

        async def told(event: Message) -> None:
            nonlocal status
            status = _failure(event) or status
            await send(event)

        with within(span):
            await self._app(scope, receive, told)
            if not self._name:
                span.rename(_name(scope, status))
            span.tell({f"tidings.{name}": fact for name, fact in bound().items()})
            if status:
                span.end(status)


def _name(scope: Scope, status: str) -> str:
    """Return the name of a request that was answered: a path has the names of things, and is of as many kinds."""
    if is_grpc(scope):
        return scope["path"].removeprefix("/") if status != _NO_SUCH_METHOD else "an unknown method"
    route = getattr(scope.get("route"), "path_format", None)
    return f"{scope['method']} {route}" if route else scope["method"]


def _failure(event: Message) -> str:
    """Return the status of an answer that tells of a failure of either protocol."""
    status = int(event.get("status", 200))
    if status >= 500:
        return f"HTTP {status}"
    grpc = next((value for name, value in event.get("headers", ()) if name == b"grpc-status"), b"0")
    return "" if grpc == b"0" else f"gRPC {grpc.decode()}"
