"""The storage nodes as one router sees them: who owns a topic, the link to it, and what changes with the map."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from api.errors import Unavailable
from api.gaps import Cause
from api.link import Link, Moved, Receipt
from api.names import Topic
from backplane.interface import Node, NodeMap, Registry
from backplane.placement import Placement

PAUSE_SECONDS = 0.05
"""Between two questions to a node that does not own a topic by its own map and does by ours."""

MOST_FATES = 1_000
"""Of so many storage nodes it is remembered what became of them."""

FATE_SECONDS = 300.0
"""So long after a node has left, the loss of what was on it is put down to that; a topic that begins anew later has
another reason, and a page of its own by then."""

LOOK_SECONDS = 0.5
"""How long a look at the registry may take; it may be gone, and the map that is known goes on."""


class _Fate(NamedTuple):
    cause: Cause
    at: float
    node: Node


class Owners:
    """One link to each storage node of the map, and none to any other."""

    def __init__(
        self,
        registry: Registry,
        connect: Callable[[Node], Link],
        changed: Callable[[], None],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """`connect` opens a link; `changed` is called after each new map, when its links stand."""
        self._registry = registry
        self._connect = connect
        self._changed = changed
        self._links: dict[str, tuple[str, Link]] = {}
        self._remapped_at = time.monotonic()
        self._map = registry.map()
        self._placement = Placement(self._map)
        self._now = now
        self._fates: dict[str, _Fate] = {}
        self._before: Placement | None = None
        self._unwatch = registry.watch_map(self._remapped)

    def __repr__(self) -> str:
        return f"<Owners map {self.map_version}, {len(self._links)} links>"

    @property
    def map_version(self) -> int:
        """The version of the map that owners are found by."""
        return self._placement.version

    @property
    def map_age_seconds(self) -> float:
        """Since that map was learnt."""
        return time.monotonic() - self._remapped_at

    @property
    def links(self) -> Mapping[str, Link]:
        """The links by the ids of their nodes."""
        return {id: link for id, (_, link) in self._links.items()}

    def fate(self, node_id: str) -> Cause | None:
        """Return why topics that were on a node would have lost what they had; None where nothing befell it lately."""
        fate = self._fates.get(node_id)
        return fate.cause if fate is not None and self._now() < fate.at + FATE_SECONDS else None

    def lost(self, topic: Topic) -> Cause | None:
        """Return what became of the node that would have a topic if none had left lately; None where nothing befell it.

        For a client that comes with the topic's numbering of then, where nobody here had followed it.
        """
        if self._before is None:
            left = {id: fate.node for id, fate in self._fates.items() if self.fate(id)}
            nodes = {id: replace(node, state="live") for id, node in {**left, **self._map.nodes}.items()}
            self._before = Placement(NodeMap(self._map.version, nodes))
        return self.fate(self._before.owner(topic).id) if self._before else None

    def node_id(self, topic: Topic) -> str:
        """Return which node owns `topic`.

        Raises:
            Unavailable: the map holds no node.
        """
        return self._placement.owner(topic).id

    def link(self, topic: Topic) -> Link:
        """Return the link to the topic's owner.

        Raises:
            Unavailable: the map holds no node.
        """
        node = self._placement.owner(topic)
        known = self._links.get(node.id)
        return known[1] if known is not None else self._linked(node)

    async def publish(
        self, topic: Topic, value: bytes, publisher_id: bytes, timeout: float, stored: Callable[[], None]
    ) -> Receipt:
        """Publish to the owner, whoever it is by now: what one node refuses, another numbers, and none does twice.

        `stored` is as in `Link.publish`.

        Raises:
            Unavailable: there is no owner, it cannot be reached, or none was found in time.
            DeadlineExceeded: the owner did not answer in time; the value may have been published.
        """
        try:
            return await self.link(topic).publish(topic, value, publisher_id, timeout, stored)
        except Moved as moved:
            later = self.publish_after(moved, topic, value, publisher_id, timeout, stored)
        return await later

    async def follow(self, moved: Moved) -> None:
        """Return when it is worth to ask again for a topic that a node said to have `moved`."""
        if moved.map_version <= self.map_version:
            await asyncio.sleep(PAUSE_SECONDS)  # the node is behind, or waits for its lease
        if moved.map_version > self.map_version or not moved.map_version:
            pause = 0.0
            try:
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._registry.refresh()
            except (Unavailable, TimeoutError):
                pause = PAUSE_SECONDS
            if pause:
                await asyncio.sleep(pause)

    def close(self) -> None:
        """Leave all nodes."""
        self._unwatch()
        for _, link in self._links.values():
            link.leave()
        self._links.clear()

    async def publish_after(
        self,
        moved: Moved,
        topic: Topic,
        value: bytes,
        publisher_id: bytes,
        timeout: float,
        stored: Callable[[], None],
    ) -> Receipt:
        """Publish what a node has refused because it does not own the topic. See `publish`."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout
        while loop.time() < deadline:
            await self.follow(moved)
            try:
                return await self.link(topic).publish(topic, value, publisher_id, deadline - loop.time(), stored)
            except Moved as again:
                moved = again
        raise Unavailable("the topic is on its way to another storage node; try again")

    def _linked(self, node: Node) -> Link:
        link = self._connect(node)
        self._links[node.id] = (node.address, link)
        return link

    def _remapped(self, nodes: NodeMap) -> None:
        if nodes.version <= self.map_version:
            return
        self._take_fates(nodes)
        self._map = nodes
        self._before = None
        self._placement = Placement(nodes)
        self._remapped_at = time.monotonic()
        departed = self._departed(nodes)
        self._changed()
        for link in departed:
            link.leave()

    def _take_fates(self, nodes: NodeMap) -> None:
        """Remember of each node that has left, or is another process now, whether it had said that it would."""
        for id, before in self._map.nodes.items():
            after = nodes.nodes.get(id)
            if after is None or after.boot != before.boot:
                self._befell(before, "drain" if before.state == "draining" else "node_loss")
        for node in nodes.nodes.values():
            if node.state == "draining":
                self._befell(node, "drain")
        for id in list(self._fates)[:-MOST_FATES]:
            del self._fates[id]

    def _befell(self, node: Node, cause: Cause) -> None:
        self._fates.pop(node.id, None)  # or the order would be that in which they left first
        self._fates[node.id] = _Fate(cause, self._now(), node)

    def _departed(self, nodes: NodeMap) -> Sequence[Link]:
        """Forget the links to nodes that are gone, or are somewhere else now, and return them."""
        stale = [
            id
            for id, (address, _) in self._links.items()
            if id not in nodes.nodes or nodes.nodes[id].address != address
        ]
        return [self._links.pop(id)[1] for id in stale]
