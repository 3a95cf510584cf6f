"""Serves an application to native gRPC clients whose connections Envoy passes on as bytes, where it does."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from api.grpc_asgi import Receive, Send
from cli.settings import GrpcSettings, HostedSettings

if TYPE_CHECKING:
    from prometheus_client.registry import Collector

    from http2.connection import App, Scope
    from http2.server import Server

_FORWARDED = b"x-forwarded-for"


class NativeGrpc:
    """A server of HTTP/2 in front of an application; nothing where Envoy reads those connections itself."""

    def __init__(self, app: "App", settings: HostedSettings) -> None:
        self._socket = settings.grpc_socket
        self._server = None if settings.grpc is None else _server(app, settings.grpc)

    def collectors(self) -> "Iterable[Collector]":
        """Return what has its numbers for Prometheus."""
        if self._server is None:
            return ()
        from cli.metrics.native_grpc import NativeGrpcMetrics  # noqa: PLC0415  see `Hosted.metrics`

        return [NativeGrpcMetrics(self._server.counts)]

    async def start(self) -> None:
        """Listen where Envoy passes connections to."""
        if self._server is not None and self._socket is not None:
            await self._server.start(self._socket)

    async def close(self) -> None:
        """Close the socket and all connections."""
        if self._server is not None:
            await self._server.close()

    def go_away(self) -> None:
        """Have clients make a connection elsewhere for what they ask next."""
        if self._server is not None:
            self._server.go_away()


class Forwarded:
    """Tells an application the client's address that proxies in front have written down, as Envoy tells it."""

    def __init__(self, app: "App", proxies: int) -> None:
        """Believe so many proxies, of which each appends the address that it was reached from."""
        self._app = app
        self._proxies = proxies

    async def __call__(self, scope: "Scope", receive: Receive, send: Send) -> None:
        if address := self._address(scope):
            scope = {**scope, "client": (address, 0)}
        await self._app(scope, receive, send)

    def _address(self, scope: "Scope") -> str:
        written = b",".join(value for name, value in scope["headers"] if name == _FORWARDED).split(b",")
        return written[-self._proxies].strip().decode("latin-1") if len(written) >= self._proxies else ""


def _server(app: "App", settings: GrpcSettings) -> "Server":
    from http2.limits import Limits  # noqa: PLC0415  a start where Envoy reads those connections is spared them
    from http2.server import Server  # noqa: PLC0415

    limits = Limits(
        stalled_seconds=settings.stalled_seconds,
        ping_seconds=settings.ping_seconds,
        ping_answer_seconds=settings.ping_answer_seconds,
    )
    return Server(Forwarded(app, settings.trusted_proxies) if settings.trusted_proxies else app, limits)
