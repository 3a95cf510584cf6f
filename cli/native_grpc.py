"""Serves an application to native gRPC clients: those that Envoy passes on as bytes, and those that come past it."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from cli.forwarded import Forwarded, forwarded
from cli.room import UNFINISHED_REQUESTS, fitted
from cli.settings import GrpcSettings, HostedSettings
from http2.at_once import AtOnce, nobody

if TYPE_CHECKING:
    from prometheus_client.registry import Collector

    from cli.call_log import CallLog
    from http2.connection import App
    from http2.limits import Limits
    from http2.server import Server


class NativeGrpc:
    """A server of HTTP/2 in front of an application; nothing where Envoy reads those connections itself."""

    def __init__(self, app: "App", settings: HostedSettings, at_once: AtOnce = nobody) -> None:
        self._socket = settings.grpc_socket
        self._settings = settings.grpc
        self._server = self._log = None
        if settings.grpc is not None:
            self._server, self._log = _server(app, settings.grpc, at_once)

    def collectors(self) -> "Iterable[Collector]":
        """Return what has its numbers for Prometheus."""
        if self._server is None:
            return ()
        from cli.metrics.native_grpc import NativeGrpcMetrics  # noqa: PLC0415  see `Hosted.metrics`

        return [NativeGrpcMetrics(self._server.counts)]

    @property
    def unsent(self) -> int:
        """How many answers are promised or wait for their clients, of those that were no calls of the application."""
        return 0 if self._server is None else self._server.counts.unsent + self._server.counts.owed

    def direct_bytes(self) -> int:
        """Return how many bytes went to clients past Envoy."""
        return 0 if self._server is None else self._server.counts.direct_bytes

    async def start(self) -> None:
        """Listen where Envoy passes connections to, and where clients come past it."""
        if self._server is not None and self._log is not None and self._socket is not None:
            self._log.start()
            await self._server.start(self._socket)
            if self._settings is not None and self._settings.port is not None:
                await self._server.listen(self._settings.host, self._settings.port)

    async def close(self) -> None:
        """Close the socket and all connections."""
        if self._server is not None:
            await self._server.close()
        if self._log is not None:
            await self._log.close()

    def go_away(self) -> None:
        """Have clients make a connection elsewhere for what they ask next."""
        if self._server is not None:
            self._server.go_away()


def _server(app: "App", settings: GrpcSettings, at_once: AtOnce) -> "tuple[Server, CallLog]":
    from cli.call_log import CallLog  # noqa: PLC0415  a start where Envoy reads those connections is spared them
    from http2.server import Server  # noqa: PLC0415

    log = CallLog(settings)
    if settings.trusted_proxies:
        app, at_once = Forwarded(app, settings.trusted_proxies), forwarded(at_once, settings.trusted_proxies)
    return Server(app, _limits(settings), ended=log.ended, at_once=at_once), log


def _limits(settings: GrpcSettings) -> "Limits":
    from http2.limits import Limits  # noqa: PLC0415  see `_server`

    return Limits(
        held_bytes=fitted(Limits().held_bytes, UNFINISHED_REQUESTS),
        stalled_seconds=settings.stalled_seconds,
        ping_seconds=settings.ping_seconds,
        ping_answer_seconds=settings.ping_answer_seconds,
    )
