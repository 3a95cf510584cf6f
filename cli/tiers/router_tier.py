"""A router of a fleet, composed: the application that the edge hosts for `tidings router`."""

import asyncio
import secrets
from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING

from api.asgi import Guard, send_error
from api.errors import NotFound
from api.grpc_asgi import Receive, Scope, Send
from api.link import Sink
from api.tasks import end
from api.tracing import Spans
from backplane.interface import Node
from backplane.key_uses import KeyUseNotes
from backplane.redis import RedisBackplane
from cli.application import Application
from cli.draining import end_streams
from cli.edge.sent import SentBytes
from cli.hosted import Hosted
from cli.housekeeping import TRIM_SECONDS, every, settle
from cli.room import SLOW_READERS, fitted
from cli.settings import HostedSettings
from cli.tiers.announcing import announce
from cli.tracing.start import spans_of
from cli.variables.link import link_security
from cli.variables.tiers import RouterVariables
from router.app import RouterApp
from router.links.remote import RemoteLink
from router.meters.handover import Metering
from router.router import Router, RouterSettings
from router.sharing import Sharing

if TYPE_CHECKING:
    from prometheus_client.registry import Collector


class RouterTier:
    """One router, with a link to each storage node of the map."""

    def __init__(self, settings: HostedSettings, variables: RouterVariables, spans: Spans | None) -> None:
        self._address = f"{settings.host}:{settings.port}"
        self._id = variables.router_id
        self._security = link_security(variables)
        self._backplane = RedisBackplane(variables.redis_url, variables.redis_prefix, variables.redis_ca_file)
        slow = fitted(RouterSettings().max_total_pending_bytes, SLOW_READERS)
        router_settings = RouterSettings(heartbeat_seconds=variables.heartbeat_seconds, max_total_pending_bytes=slow)
        # Two processes of one id are there while a router is restarted.
        sharing = Sharing(self._backplane.quotas, f"{variables.router_id}-{secrets.token_hex(8)}")
        directory, registry = self._backplane.directory, self._backplane.registry
        seals = variables.usage_seals
        self._metering = Metering(variables.data / "usage", variables.router_id, self._backplane.usage, seals=seals)
        key_uses = KeyUseNotes(self._backplane.key_uses)
        self._router = Router(
            directory, registry, self._connect, router_settings, sharing, self._metering.seats, key_uses
        )
        self._spans = spans
        if spans is not None:
            self._router.trace(spans)
        self._router_app = RouterApp(self._router)
        self._elsewhere = Guard(_elsewhere)
        self.hosted = Hosted(
            "router",
            self._request,
            settings,
            end_streams=partial(end_streams, self._router),
            streams=lambda: len(self._router.subscriptions),
            gaps=self._router.counts.gaps.total,
            dependencies=self._dependencies,
            collectors=self._collectors,
        )
        self.hosted.at_once = self._router_app.at_once
        self._sent = SentBytes(settings.admin_socket, self._backplane.witnesses, self._id, self.hosted.direct_bytes)
        self._tasks: list[asyncio.Task[None]] = []

    @classmethod
    def compose(cls) -> "RouterTier":
        """Put the parts together, from the environment."""
        return cls(HostedSettings.from_environment(), RouterVariables.read(), spans_of("router"))

    def __repr__(self) -> str:
        return f"<RouterTier {self._id} {self.hosted!r}, {self._router!r}>"

    async def start(self) -> None:
        """Begin; the router is ready when it has heard of a storage node and of the signing keys.

        Once it was ready it stays so: what it knows goes on, also while Redis cannot be reached.
        """
        registry = self._backplane.registry
        registry.watch_map(lambda _: self._look())
        self._backplane.directory.watch_keys(lambda _: self._look())
        await self._backplane.start()
        self._backplane.audience.answer(self._router.audience)
        self._backplane.busiest.answer(self._router)
        self._backplane.system.answer(self._router.feeds.system)
        self._metering.start(self._router.tenants.has_caps)
        self._tasks = [
            asyncio.create_task(every(TRIM_SECONDS, self._router.trim)),
            asyncio.create_task(self._router.sharing.run()),
            asyncio.create_task(self._router.key_uses.run(self._router.streams_of_keys)),
            asyncio.create_task(announce(registry, "router", self._id, self._address)),
            asyncio.create_task(self._sent.run()),
        ]
        await self.hosted.open()
        settle()
        self._look()

    async def close(self) -> None:
        """Stop, in the opposite order."""
        await self.hosted.close()
        await end(*self._tasks)
        self._router.close()
        await self._sent.close()
        await self._metering.close()
        await self._backplane.close()
        if self._spans is not None:
            await self._spans.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.hosted(scope, receive, send)

    async def _request(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._router_app.serves(scope["path"]):
            await self._router_app(scope, receive, send)
        else:
            await self._elsewhere(scope, receive, send)

    def _dependencies(self) -> dict[str, str]:
        backplane = self._backplane
        links = self._router.owners.links.values()
        broken = sum(not link.is_connected for link in links)
        return {
            "redis": backplane.state,
            "signing keys": "known" if backplane.directory.keys() else "not yet known",
            "storage nodes": f"{len(backplane.registry.map().nodes)} in the map",
            "links": f"{len(links) - broken} connected, {broken} not",
        }

    def _collectors(self) -> "Iterable[Collector]":
        from router.metrics import RouterMetrics  # noqa: PLC0415  see `Hosted.metrics`

        return [RouterMetrics(self._router, self._metering)]

    def _look(self) -> None:
        has_all = bool(self._backplane.registry.map().nodes) and bool(self._backplane.directory.keys())
        if has_all and self.hosted.state == "starting":
            self.hosted.state = "serving"

    def _connect(self, node: Node, sink: Sink, map_version: Callable[[], int]) -> RemoteLink:
        link = RemoteLink(node.address, sink, map_version, self._security, frames=node.frames)
        link.start()
        return link


async def _elsewhere(_scope: Scope, _receive: Receive, send: Send) -> None:
    await send_error(send, NotFound("a router offers topics only; the rest is at the account service"))


app = Application(RouterTier.compose)
