"""A gRPC service of unary RPCs: what its handlers take and return, and the application that serves it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol

from google.protobuf.message import Message
from starlette.types import ASGIApp, Receive, Scope, Send


class Headers(Protocol):
    """The metadata of a call."""

    def getall(self, key: str, /) -> Sequence[str]:
        """Return all values of a name."""
        ...


class Context(Protocol):
    """What a handler may know of a call beside its message."""

    @property
    def request_headers(self) -> Headers: ...

    @property
    def client_address(self) -> str | None:
        """`HOST:PORT` of the caller."""
        ...


Handler = Callable[[Any, Context], Awaitable[Message]]
"""Takes a request message and its context, returns the answer's message."""


class Method:
    """One RPC: its messages and who answers it."""

    def __init__(self, request: type[Message], response: type[Message], handler: Handler) -> None:
        self.request = request
        self.response = response
        self.handler = handler


class Service:
    """An ASGI application of one gRPC service. What speaks for it is imported with its first call: 50 ms of a start."""

    def __init__(self, name: str, methods: Mapping[str, Method]) -> None:
        """`name` is the service's full name, `methods` are by their names in it."""
        self._name = name
        self._methods = methods
        self.paths = frozenset(f"/{name}/{method}" for method in methods)
        self._app: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._app is None:
            from accounts.rpc.connect import ConnectService  # noqa: PLC0415

            self._app = ConnectService(self._name, self._methods)
        await self._app(scope, receive, send)

    @property
    def path(self) -> str:
        """The prefix of its methods' paths."""
        return f"/{self._name}"
