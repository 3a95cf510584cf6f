"""What every hosted service shows to its edge and its supervisor: health, what is going on in it, and its end."""

from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING

from api.asgi import without_body
from api.grpc_asgi import ASGIApp, Receive, Scope, Send
from cli.control_socket import ControlSocket, Load, State
from cli.health import LIVENESS, READINESS, Dependencies, send_health
from cli.native_grpc import NativeGrpc
from cli.settings import HostedSettings
from cli.turns import Turns
from http2.at_once import Answerer, AtOnce, nobody
from router.pubsub import SUBSCRIBE

if TYPE_CHECKING:
    from prometheus_client.registry import Collector

    from cli.metrics.page import Page


class Hosted:
    """Stands before an application: counts its calls, and answers `/healthz` and `/readyz`.

    Both come from the application's own event loop, so that a loop that is blocked answers neither.

    Attributes:
        at_once: Returns who answers native gRPC calls without a task, before the application is asked.
    """

    def __init__(
        self,
        tier: str,
        app: ASGIApp,
        settings: HostedSettings,
        *,
        end_streams: Callable[[float], Awaitable[None]],
        streams: Callable[[], int],
        gaps: Callable[[], int] = lambda: 0,
        dependencies: Dependencies,
        collectors: "Callable[[], Iterable[Collector]]",
    ) -> None:
        """Stand before `app`.

        Args:
            tier: What the service calls itself.
            app: What serves all other requests.
            settings: Say where the supervisor asks, and where it looks.
            end_streams: Ends all streams over some seconds.
            streams: Counts those that are open.
            gaps: Counts the discontinuities that subscribers were told.
            dependencies: Tells how what it needs stands.
            collectors: Returns what has numbers for Prometheus. Called when somebody asks for them first.
        """
        self.tier = tier
        self.state: State = "starting"
        self._app = app
        self._end_streams = end_streams
        self._streams = streams
        self._gaps = gaps
        self._dependencies = dependencies
        self._control = ControlSocket(settings.control_socket, self)
        self._turns = Turns(settings.turns)
        self.at_once: AtOnce = nobody
        self._grpc = NativeGrpc(self, settings, self._answerer)
        self._unary = 0
        self._collectors = collectors
        self._page: Page | None = None

    def __repr__(self) -> str:
        return f"<Hosted {self.tier} {self.state}, {self._streams()} streams, {self._unary} calls>"

    async def open(self) -> None:
        """Listen to the supervisor, and let it see that the loop turns; listen to native gRPC clients as well."""
        self._turns.start()
        await self._grpc.start()
        await self._control.start()

    async def close(self) -> None:
        """Be heard of no more."""
        self.state = "stopped"
        await self._grpc.close()
        await self._control.close()
        self._turns.close()

    def direct_bytes(self) -> int:
        """Return how many bytes went to native gRPC clients past Envoy."""
        return self._grpc.direct_bytes()

    async def drain(self, seconds: float) -> None:
        self.state = "draining"
        self._grpc.go_away()
        await self._end_streams(seconds)

    def status(self) -> Load:
        return Load(self._streams(), self._unary + self._grpc.unsent, self.state, self._gaps())

    def metrics(self) -> str:
        if self._page is None:
            # Most of the time that a process takes to start goes into imports, and nobody may ever ask for this one.
            from cli.metrics.page import Page  # noqa: PLC0415

            self._page = Page([*self._grpc.collectors(), *self._collectors()])
        return self._page.text()

    def _answerer(self, scope: Scope, client: tuple[str, int] | None) -> Answerer | None:
        return self.at_once(scope, client)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        if path == SUBSCRIBE:
            await self._app(scope, receive, send)
            return
        self._unary += 1
        try:
            if path in (LIVENESS, READINESS):
                answer = without_body(send) if scope["method"] == "HEAD" else send
                await send_health(answer, path, self.tier, self.state, self._dependencies)
            else:
                await self._app(scope, receive, send)
        finally:
            self._unary -= 1
