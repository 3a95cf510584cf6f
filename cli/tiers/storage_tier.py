"""A storage node of a fleet, composed: one process with a gRPC server for routers and a port for health."""

import asyncio
import logging
import secrets
import signal
from collections.abc import Coroutine
from typing import Any, TypeVar

import click
import uvloop

from api.errors import Unavailable
from api.tasks import end
from backplane.interface import Node as NodeEntry
from backplane.interface import NodeIdTaken
from backplane.redis import RedisBackplane
from backplane.redis.connection import connect, disconnect
from backplane.redis_location import location
from backplane.witnesses import Witness
from cli.control_socket import State
from cli.housekeeping import SWEEP_SECONDS, every, settle
from cli.logs.start import log_to_standard_error
from cli.metrics.page import Page
from cli.refusals import AddressUnavailable, NodeIdInUse
from cli.room import HISTORY_ALONE, fitted
from cli.side_port import SidePort
from cli.tiers.announcing import announce
from cli.tiers.health import Health
from cli.tracing.start import spans_of
from cli.variables.link import link_security
from cli.variables.tiers import StorageVariables
from storage.bounds import CacheBounds
from storage.durable.journal import StreamJournal
from storage.durable.topics import DurableTopics
from storage.member import Member
from storage.metrics import MemberMetrics, NodeMetrics
from storage.node import Node
from storage.server import Server
from storage.settings import HistorySettings

RETRY_SECONDS = 0.25

T = TypeVar("T")

_log = logging.getLogger(__name__)


class StorageTier:
    """One storage node, a member of the map from `start` to `leave`."""

    def __init__(self, variables: StorageVariables) -> None:
        self._variables = variables
        self._state: State = "starting"
        self._backplane = RedisBackplane(variables.redis_url, variables.redis_prefix, variables.redis_ca_file)
        # Pages of a topic grow from owner to owner, so all of them go by one clock.
        clock = self._backplane.registry.epoch_ms
        self._node = Node(variables.node_id, _history(variables), wall_clock_ms=clock)
        self._witness = Witness(self._backplane.witnesses, "storage", variables.node_id, self._node.take_counted)
        self._bounds = CacheBounds(self._node, self._backplane.directory)
        security = link_security(variables)
        self._member = Member(self._node, self._backplane.registry, security)
        client = connect(location(variables.redis_url), variables.redis_ca_file)
        journal = StreamJournal(client, variables.redis_prefix, f"{variables.node_id}-{secrets.token_hex(8)}")
        self._durable = DurableTopics(self._node, journal, lambda: self._member.map_version)
        self._redis = client
        address = f"{variables.host}:{variables.port}"
        self._spans = spans_of("storage")
        self._server = Server(self._node, address, self._member, self._durable, security, self._spans)
        page = Page([NodeMetrics([self._node]), MemberMetrics(self._member, self._server)])
        self._health = SidePort(Health("storage", lambda: self._state, self._dependencies, page))
        self._tasks: list[asyncio.Task[None]] = []

    def __repr__(self) -> str:
        return f"<StorageTier {self._state}, {self._node!r}, {self._member!r}>"

    async def start(self) -> str:
        """Begin to serve; return the address that routers use once they can.

        Raises:
            AddressUnavailable: A port cannot be listened on.
            NodeIdInUse: Another process is this node.
        """
        variables = self._variables
        self._health.start(variables.host, variables.health_port, "TIDINGS_HEALTH_PORT")
        try:
            port = await self._server.start()
        except OSError as error:
            msg = f"port {variables.port} on {variables.host} cannot be listened on; see TIDINGS_PORT"
            raise AddressUnavailable(msg) from error
        await self._backplane.start()
        address = variables.advertised(port)
        boot = secrets.token_hex(8)
        await self._join(NodeEntry(variables.node_id, address, variables.weight, boot=boot, frames=True))
        self._tasks = [
            asyncio.create_task(every(SWEEP_SECONDS, self._node.sweep)),
            asyncio.create_task(self._witness.run()),
            asyncio.create_task(announce(self._backplane.registry, "storage", variables.node_id, address)),
        ]
        settle()
        self._state = "serving"
        return address

    async def leave(self) -> None:
        """Hand everything over, leave the map, and return when no router needs this node any more."""
        self._state = "draining"
        seconds = self._variables.drain_seconds
        try:
            if not await self._member.drain(seconds, lambda: self._server.is_watched):
                _log.warning("not everything was handed over within %g s; see TIDINGS_DRAIN_SECONDS", seconds)
        except Unavailable as reason:
            _log.warning("the node leaves without handing over: %s", reason)
        await self._member.leave()

    async def close(self) -> None:
        """Stop; where the node has left, tell what it handed over: others take topics until its server is closed."""
        has_left, self._state = self._state == "draining", "stopped"
        await end(*self._tasks)
        await self._member.close()
        await self._server.close()
        if has_left:
            given, left = self._member.handed_over
            _log.info("the node leaves: %s topics handed over, %s not", f"{given:,}", f"{left:,}")
        await self._durable.close()
        await self._witness.close()
        await self._bounds.close()
        await disconnect(self._redis)
        await self._health.close()
        await self._backplane.close()
        if self._spans is not None:
            await self._spans.close()

    def _dependencies(self) -> dict[str, str]:
        return {"redis": self._backplane.state, "lease": self._member.membership.state}

    async def _join(self, entry: NodeEntry) -> None:
        while True:
            try:
                return await self._member.join(entry)
            except NodeIdTaken as error:
                raise NodeIdInUse(f"{error}: choose another with TIDINGS_NODE_ID") from error
            except Unavailable:
                await asyncio.sleep(RETRY_SECONDS)


def run(variables: StorageVariables) -> None:
    """Serve until told to stop."""
    log_to_standard_error(variables)
    uvloop.run(_run(variables))


async def _run(variables: StorageVariables) -> None:
    """Serve; the first signal drains the node, and another one ends that."""
    stop, hurry = asyncio.Event(), asyncio.Event()

    def told() -> None:
        (hurry if stop.is_set() else stop).set()

    def told_to_hurry() -> None:
        stop.set()
        hurry.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told)
    loop.add_signal_handler(signal.SIGQUIT, told_to_hurry)
    tier = StorageTier(variables)
    try:
        address = await _unless(stop, tier.start())
        if address is not None:
            click.echo(f"ready {address}")
            await stop.wait()
            await _unless(hurry, tier.leave())
    finally:
        await tier.close()


async def _unless(event: asyncio.Event, work: Coroutine[Any, Any, T]) -> T | None:
    """Return what `work` returns, or None if the event comes first; then it is given up."""
    working, told = asyncio.create_task(work), asyncio.create_task(event.wait())
    try:
        await asyncio.wait((working, told), return_when=asyncio.FIRST_COMPLETED)
        return working.result() if working.done() else None
    finally:
        working.cancel()
        told.cancel()
        await asyncio.wait((working, told))


def _history(variables: StorageVariables) -> HistorySettings:
    return HistorySettings(
        items=variables.history_items,
        topic_bytes=variables.history_topic_bytes,
        seconds=variables.history_seconds,
        total_bytes=variables.history_total_bytes or fitted(HistorySettings().total_bytes, HISTORY_ALONE),
    )
