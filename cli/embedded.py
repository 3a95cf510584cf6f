"""All tiers in one process, composed: the application that the edge hosts for `tidings up`."""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, cast

from accounts.component import Accounts, AccountsSettings
from accounts.fleet import Fleet
from api.asgi import Guard, without_body
from api.grpc_asgi import ASGIApp, Receive, Scope, Send
from api.link import Sink
from api.traced import Traced
from api.tracing import Spans
from backplane.interface import Node as NodeEntry
from backplane.key_uses import KeyUseNotes
from backplane.memory import MemoryDirectory, MemoryRegistry, MemoryUsage
from backplane.witnesses import Witness
from cli.direct_link import DirectLink
from cli.draining import end_streams
from cli.edge.sent import SentBytes
from cli.hosted import Hosted
from cli.housekeeping import SWEEP_SECONDS, TRIM_SECONDS, every, settle
from cli.room import HISTORY_BESIDE_A_ROUTER, SLOW_READERS, fitted
from cli.settings import EmbeddedSettings
from cli.tiers.announcing import announce
from cli.tracing.start import spans_of
from cli.urls import own_url
from cli.variables.billing import BillingVariables
from cli.variables.mail import MailVariables
from cli.variables.master_key import MasterKeyVariables
from cli.variables.retention import RetentionVariables
from cli.variables.signing import SigningVariables
from cli.webhook_topics import RouterTopics
from router.app import RouterApp
from router.meters.handover import Metering
from router.meters.seats import Seats
from router.router import Router, RouterSettings
from router.sharing import Sharing
from storage.bounds import CacheBounds
from storage.node import Node
from storage.settings import HistorySettings

if TYPE_CHECKING:
    from prometheus_client.registry import Collector


ROUTER = "router"
"""The id of the one that there is."""


class Embedded:
    """Storage nodes, a router and the account service, on a backplane in memory. An ASGI application for requests."""

    def __init__(
        self,
        settings: EmbeddedSettings,
        accounts: Accounts,
        directory: MemoryDirectory,
        usage: MemoryUsage,
        fleet: Fleet,
        spans: Spans | None = None,
        seats: Seats | None = None,
    ) -> None:
        """Take an account service that writes to `directory`, applies what comes by `usage`, and sees the `fleet`.

        With `seats` the router counts by them, and what it counts is not handed over.
        """
        self._spans = spans
        self._nodes = {node.id: node for node in _nodes(settings.nodes)}
        self._witnesses = [
            Witness(fleet.witnesses, "storage", name, node.take_counted) for name, node in self._nodes.items()
        ]
        self._registry = fleet.registry
        self._address = f"{settings.host}:{settings.port}"
        self._accounts = accounts
        self._bounds = [CacheBounds(node, directory) for node in self._nodes.values()]
        router_settings = RouterSettings.for_local() if settings.local else RouterSettings()
        slow = fitted(router_settings.max_total_pending_bytes, SLOW_READERS)
        self._metering = Metering(settings.data_dir / "usage", ROUTER, usage)
        self._router = Router(
            directory,
            self._registry,
            self._connect,
            replace(router_settings, max_total_pending_bytes=slow),
            sharing=Sharing(fleet.quotas, ROUTER),
            seats=seats or self._metering.seats,
            key_uses=KeyUseNotes(fleet.key_uses),
        )
        fleet.audience.answer(self._router.audience)
        fleet.busiest.answer(self._router)
        fleet.system.answer(self._router.feeds.system)
        fleet.items.answer(RouterTopics(lambda: self._router))
        app = cast("ASGIApp", accounts.app)  # the framework's own words for the same
        if spans is not None:
            self._router.trace(spans)
            accounts.database.trace(spans)
            app = Traced(app, spans)
        self._router_app, self._accounts_app = RouterApp(self._router), Guard(app)
        self.hosted = Hosted(
            "embedded",
            self._request,
            settings,
            end_streams=partial(end_streams, self._router),
            streams=lambda: len(self._router.subscriptions),
            gaps=self._router.counts.gaps.total,
            dependencies=lambda: {"database": self._accounts.database.state},
            collectors=self._collectors,
        )
        self.hosted.at_once = self._router_app.at_once
        self._sent = SentBytes(settings.admin_socket, fleet.witnesses, ROUTER, self.hosted.direct_bytes)
        self._tasks: list[asyncio.Task[None]] = []

    @classmethod
    def compose(cls, settings: EmbeddedSettings, seats: Seats | None = None) -> "Embedded":
        """Put the parts together; see the constructor for `seats`."""
        directory, usage = MemoryDirectory(), MemoryUsage()
        mail = MailVariables.read()
        account_settings = AccountsSettings(
            data_dir=settings.data_dir,
            endpoint=settings.endpoint,
            local=settings.local,
            tls=settings.tls or mail.is_public_over_tls,
            master_key=MasterKeyVariables.read().master_key_source,
            signing_key_days=SigningVariables.read().signing_key_days,
            retention=RetentionVariables.read().retention,
            billing=BillingVariables.read().billing,
            mail=mail.mail_settings(own_url(settings.host, settings.port, tls=settings.tls)),
        )
        # A node in this process lives as long as the process; a lease would end when the process is merely slow.
        fleet = Fleet(registry=MemoryRegistry(lease_seconds=float("inf")))
        accounts = Accounts(account_settings, directory, usage, fleet)
        return cls(settings, accounts, directory, usage, fleet, spans_of("embedded"), seats)

    def __repr__(self) -> str:
        return f"<Embedded {self.hosted!r}, {self._router!r}, {list(self._nodes.values())}>"

    async def start(self) -> None:
        """Begin to serve. Returns when everything is there."""
        await self._accounts.start()
        for name in self._nodes:
            await self._registry.beat(NodeEntry(name))
        self._metering.start(self._router.tenants.has_caps)
        self._tasks = [
            asyncio.create_task(every(SWEEP_SECONDS, self._sweep)),
            asyncio.create_task(every(TRIM_SECONDS, self._trim)),
            asyncio.create_task(self._router.sharing.run()),
            asyncio.create_task(self._router.key_uses.run(self._router.streams_of_keys)),
            asyncio.create_task(announce(self._registry, "router", ROUTER, self._address)),
            asyncio.create_task(announce(self._registry, "accounts", "accounts", self._address)),
            *(asyncio.create_task(announce(self._registry, "storage", name, "")) for name in self._nodes),
            asyncio.create_task(self._sent.run()),
            *(asyncio.create_task(witness.run()) for witness in self._witnesses),
        ]
        await self.hosted.open()
        self.hosted.state = "serving"
        settle()

    async def close(self) -> None:
        """Stop, in the opposite order."""
        await self.hosted.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._router.close()
        await asyncio.gather(*(bounds.close() for bounds in self._bounds))
        await asyncio.gather(self._sent.close(), *(witness.close() for witness in self._witnesses))
        await self._metering.close()
        await self._accounts.close()
        if self._spans is not None:
            await self._spans.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.hosted(scope, receive, send)

    async def _request(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._router_app.serves(scope["path"]):
            await self._router_app(scope, receive, send)
        else:
            await self._accounts_app(scope, receive, without_body(send) if scope["method"] == "HEAD" else send)

    def _connect(self, node: NodeEntry, sink: Sink, _: Callable[[], int]) -> DirectLink:
        return DirectLink(self._nodes[node.id], sink, self._spans)

    def _collectors(self) -> "Iterable[Collector]":
        from accounts.metrics import AccountsMetrics  # noqa: PLC0415  see `Hosted.metrics`
        from router.metrics import RouterMetrics  # noqa: PLC0415
        from storage.metrics import NodeMetrics  # noqa: PLC0415

        nodes = NodeMetrics(self._nodes.values())
        return [RouterMetrics(self._router, self._metering), nodes, AccountsMetrics(self._accounts)]

    def _sweep(self) -> Iterator[None]:
        for node in self._nodes.values():
            yield from node.sweep()

    def _trim(self) -> None:
        self._router.trim()


def _nodes(count: int) -> list[Node]:
    history = HistorySettings()
    room = fitted(history.total_bytes, HISTORY_BESIDE_A_ROUTER * count)
    return [Node(f"node-{number + 1}", replace(history, total_bytes=room)) for number in range(count)]
