"""A node's place in the map: its beats, its lease, and which topics are its own by the map.

A node that has not renewed its lease accepts nothing, because others may own its topics by now. The one exception is
a store that nobody can reach: then no map changes, and a node goes on with the routers that go by the same map.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final, Literal, get_args

from api.errors import Unavailable
from api.names import Topic
from api.tasks import end
from backplane.interface import Node as NodeEntry
from backplane.interface import NodeIdTaken, NodeMap, Registry
from backplane.placement import Placement

BEAT_SECONDS: Final = 0.5
PROMPT_SECONDS: Final = 1.0
"""A beat that failed later than this says nothing: the node itself stood still."""

FAILURES_UNTIL_BLIND: Final = 2
REFRESH_PAUSE_SECONDS: Final = 0.05

LeaseState = Literal["fresh", "blind", "lapsed"]
"""`fresh`: it runs. `blind`: the store cannot be reached, and the node goes on. `lapsed`: the node accepts nothing."""

STATES: Final = get_args(LeaseState)

_log = logging.getLogger(__name__)


class Membership:
    """One node's lease, and the newest map that it knows."""

    def __init__(
        self,
        registry: Registry,
        id: str,
        *,
        remapped: Callable[[NodeMap], None],
        lapsed: Callable[[], None],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take the registry.

        Args:
            registry: Where the node registers.
            id: The node's.
            remapped: Called after each new map.
            lapsed: Called when the map changed while the lease had ended: others may have owned what is here.
            now: A monotonic clock, in seconds.
        """
        self.entry = NodeEntry(id)
        self._registry = registry
        self._told_remapped = remapped
        self._told_lapsed = lapsed
        self._now = now
        self._lease_ends = float("-inf")
        self._failures = 0
        self._nodes = NodeMap()
        self._placement = Placement(self._nodes)
        self._refreshing: asyncio.Task[None] | None = None
        self._beating: asyncio.Task[None] | None = None
        self._unwatch = registry.watch_map(self._remapped)

    def __repr__(self) -> str:
        return f"<Membership {self.entry.id} {self.entry.state}, map {self.map_version}, lease {self.state}>"

    @property
    def map_version(self) -> int:
        """The version of the map that the node goes by."""
        return self._placement.version

    @property
    def placement(self) -> Placement:
        """Owners by that map."""
        return self._placement

    @property
    def members(self) -> Mapping[str, NodeEntry]:
        """The nodes of that map, those that drain too."""
        return self._nodes.nodes

    @property
    def state(self) -> LeaseState:
        """How the lease stands."""
        return "fresh" if self.is_fresh else "blind" if self._is_blind else "lapsed"

    @property
    def lease_seconds_left(self) -> float:
        """Until the lease ends; 0 when it has."""
        return max(0.0, self._lease_ends - self._now())

    @property
    def is_fresh(self) -> bool:
        """Whether the lease runs."""
        return self._now() < self._lease_ends

    def owns(self, topic: Topic, map_version: int) -> bool:
        """Whether a router that goes by the map of this version may have `topic` served here."""
        if map_version > self._placement.version:
            self.hear(map_version)
            return False
        if self._now() >= self._lease_ends and not (self._is_blind and map_version == self._placement.version):
            return False
        return bool(self._placement) and self._placement.owner(topic).id == self.entry.id

    def hear(self, map_version: int) -> None:
        """Take note that there is a newer map, and get it."""
        if map_version > self.map_version and (self._refreshing is None or self._refreshing.done()):
            self._refreshing = asyncio.create_task(self._refresh())

    async def reach(self, map_version: int) -> None:
        """Return when the node goes by a map at least as new as this."""
        while self.map_version < map_version:
            await self._refresh()
            if self.map_version < map_version:
                await asyncio.sleep(REFRESH_PAUSE_SECONDS)

    async def join(self, entry: NodeEntry) -> None:
        """Enter the map as `entry`, and stay in it until `leave`.

        Raises:
            NodeIdTaken: another process with this id is alive.
            Unavailable: the store cannot be reached.
        """
        self.entry = entry
        await self._beat()
        self._beating = asyncio.create_task(self._beat_on())

    async def drain(self) -> None:
        """Own nothing any more, while there is another node.

        Raises:
            Unavailable: the store cannot be reached.
        """
        self.entry = replace(self.entry, state="draining")
        await self._beat()

    async def leave(self) -> None:
        """Leave the map; the lease ends by itself where the store cannot be reached."""
        await self._stop_beating()
        self._lease_ends = float("-inf")
        with contextlib.suppress(Unavailable):
            await self._registry.leave(self.entry.id)

    async def close(self) -> None:
        """Beat no more."""
        self._unwatch()
        await self._stop_beating()
        if self._refreshing is not None:
            self._refreshing.cancel()

    @property
    def _is_blind(self) -> bool:
        return self._failures >= FAILURES_UNTIL_BLIND

    async def _beat_on(self) -> None:
        while True:
            await asyncio.sleep(BEAT_SECONDS)
            try:
                await self._beat()
            except (Unavailable, NodeIdTaken) as reason:
                _log.warning("the lease of node '%s' was not renewed: %s", self.entry.id, reason)
            except Exception:  # noqa: BLE001 - without beats the node would be lost; the next may go well
                _log.exception("a beat of node '%s' failed", self.entry.id)

    async def _beat(self) -> None:
        """Renew the lease, which is counted from before it was asked for: never longer than the store counts it."""
        began, version = self._now(), self.map_version
        had_ended = began >= self._lease_ends
        try:
            await self._registry.beat(self.entry)
            if had_ended:
                await self._registry.refresh()
        except Unavailable:
            self._failures = self._failures + 1 if self._now() - began < PROMPT_SECONDS else 0
            raise
        self._failures = 0
        if had_ended and version and self.map_version != version:
            self._told_lapsed()
        self._lease_ends = began + self._registry.lease_seconds

    async def _stop_beating(self) -> None:
        if self._beating is not None:
            await end(self._beating)

    async def _refresh(self) -> None:
        with contextlib.suppress(Unavailable):
            await self._registry.refresh()

    def _remapped(self, nodes: NodeMap) -> None:
        if nodes.version > self.map_version:
            self._nodes, self._placement = nodes, Placement(nodes)
            self._told_remapped(nodes)
