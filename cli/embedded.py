"""All tiers in one process, composed: the application that the edge hosts for `tidings up`."""

import asyncio
import gc
import logging
from collections.abc import Callable
from typing import cast

from accounts.component import Accounts, AccountsSettings
from api.asgi import Guard, send_json, without_body
from api.grpc_asgi import ASGIApp, Receive, Scope, Send
from backplane.interface import Node as NodeEntry
from backplane.memory import MemoryDirectory, MemoryRegistry
from cli.control_socket import ControlSocket, Load
from cli.direct_link import DirectLink
from cli.settings import EmbeddedSettings
from router.app import RouterApp
from router.pubsub import SUBSCRIBE
from router.router import Router, RouterSettings
from storage.node import Node

SWEEP_SECONDS = 5.0
TRIM_SECONDS = 1.0
DRAIN_STEP_SECONDS = 0.1

_log = logging.getLogger(__name__)

GC_THRESHOLDS = (100_000, 20, 100)
"""What lives long here are streams, in their thousands: to look through them for cycles after each 700 new objects, as
Python does by default, costs 15 to 30 % of the fan-out at 1 to 100."""

LIVENESS, READINESS = "/healthz", "/readyz"


class Embedded:
    """Storage nodes, a router and the account service, on a backplane in memory. An ASGI application for requests."""

    def __init__(self, settings: EmbeddedSettings, accounts: Accounts, directory: MemoryDirectory) -> None:
        """Take an account service that writes to `directory`."""
        names = [f"node-{number + 1}" for number in range(settings.nodes)]
        self._nodes = {name: Node(name) for name in names}
        # A node in this process lives as long as the process; a lease would end when the process is merely slow.
        self._registry = MemoryRegistry(lease_seconds=float("inf"))
        self._accounts = accounts
        self._directory = directory
        router_settings = RouterSettings.for_local() if settings.local else RouterSettings()
        self._router = Router(directory, self._registry, self._connect, router_settings)
        self._router_app = RouterApp(self._router)
        self._accounts_app = Guard(cast("ASGIApp", accounts.app))  # the framework's own words for the same
        self._control = ControlSocket(settings.control_socket, self)
        self._tasks: list[asyncio.Task[None]] = []
        self._unary = 0
        self._state = "starting"

    @classmethod
    def compose(cls, settings: EmbeddedSettings) -> "Embedded":
        """Put the parts together."""
        directory = MemoryDirectory()
        account_settings = AccountsSettings(
            data_dir=settings.data_dir, endpoint=settings.endpoint, local=settings.local, tls=settings.tls
        )
        return cls(settings, Accounts(account_settings, directory), directory)

    def __repr__(self) -> str:
        return f"<Embedded {self._state}, {self._unary} calls, {self._router!r}, {list(self._nodes.values())}>"

    async def start(self) -> None:
        """Begin to serve. Returns when everything is there."""
        await self._accounts.start()
        for name in self._nodes:
            await self._registry.beat(NodeEntry(name))
        self._tasks = [
            asyncio.create_task(_every(SWEEP_SECONDS, self._sweep)),
            asyncio.create_task(_every(TRIM_SECONDS, self._trim)),
        ]
        await self._control.start()
        self._state = "serving"
        gc.collect()
        gc.freeze()
        gc.set_threshold(*GC_THRESHOLDS)

    async def close(self) -> None:
        """Stop, in the opposite order."""
        self._state = "stopped"
        await self._control.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._router.close()
        await self._accounts.close()

    async def drain(self, seconds: float) -> None:
        """End all streams, evenly spread over `seconds`, and open no more; return when all have been told to end."""
        self._state = "draining"
        self._router.drain()
        steps = max(round(seconds / DRAIN_STEP_SECONDS), 1)
        each_step = -(-len(self._router.subscriptions) // steps)
        for _ in range(steps):
            if not self._router.end_some(each_step):
                return
            await asyncio.sleep(DRAIN_STEP_SECONDS)

    def status(self) -> Load:
        """Return the load of this moment."""
        return Load(streams=len(self._router.subscriptions), unary=self._unary)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        if path == SUBSCRIBE:
            await self._router_app(scope, receive, send)
            return
        self._unary += 1
        try:
            if self._router_app.serves(path):
                await self._router_app(scope, receive, send)
            else:
                await self._other(scope, receive, without_body(send) if scope["method"] == "HEAD" else send)
        finally:
            self._unary -= 1

    async def _other(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        if path in (LIVENESS, READINESS):
            await self._health(path, send)
        else:
            await self._accounts_app(scope, receive, send)

    async def _health(self, path: str, send: Send) -> None:
        serving = path == LIVENESS or self._state == "serving"
        await send_json(send, 200 if serving else 503, {"state": self._state})

    def _connect(self, node: NodeEntry, sink: Router) -> DirectLink:
        return DirectLink(self._nodes[node.id], sink)

    def _sweep(self) -> None:
        for node in self._nodes.values():
            node.sweep()

    def _trim(self) -> None:
        self._router.trim()


async def _every(seconds: float, work: Callable[[], None]) -> None:
    while True:
        await asyncio.sleep(seconds)
        try:
            work()
        except Exception:  # noqa: BLE001 - the next turn may go well, and without any the memory would fill
            _log.exception("housekeeping failed")
