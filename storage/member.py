"""A storage node of a fleet: what is its own by the map, and how topics come to it and go from it."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable

from api import link_pb2 as wire
from api.link_security import LinkSecurity
from api.names import Topic
from backplane.interface import Node as NodeEntry
from backplane.interface import NodeMap, Registry
from storage.handover.giving import Giving
from storage.handover.recipient import Recipient, Send
from storage.handover.taking import Taking
from storage.membership import Membership
from storage.node import Node

LOOK_SECONDS = 0.05


class Member:
    """Implements `Ownership` by the registry's map."""

    def __init__(self, node: Node, registry: Registry, security: LinkSecurity | None = None) -> None:
        """Take the node, which is not in the map before `join`, and how it and other nodes know each other."""
        self._node = node
        self.membership = Membership(registry, node.id, remapped=self._remapped, lapsed=self._lapsed)
        self._giving = Giving(node, self.membership)
        self._taking = Taking(node, self._giving, self.membership, security)

    def __repr__(self) -> str:
        return f"<Member {self.membership!r}, {self._giving!r}, {self._taking!r}>"

    @property
    def map_version(self) -> int:
        return self.membership.map_version

    def owns(self, topic: Topic, map_version: int) -> bool:
        return self.membership.owns(topic, map_version)

    def is_settled(self, topic: Topic) -> bool:
        return topic in self._node or topic.durable or not (self._taking.pending or self._giving.reclaimable())

    async def settle(self, topic: Topic) -> None:
        await self._taking.settle(topic)

    async def give(self, requests: AsyncIterator[wire.HandOverRequest], send: Send) -> None:
        """Hand over to another node until it leaves."""
        await Recipient(self._giving, self.membership, self._taking.arrived, send).serve(requests)

    async def join(self, entry: NodeEntry) -> None:
        """Enter the map as `entry`, and stay in it until `leave`.

        Raises:
            NodeIdTaken: another process with this id is alive.
            Unavailable: the store cannot be reached.
        """
        await self.membership.join(entry)

    async def drain(self, seconds: float, is_watched: Callable[[], bool]) -> bool:
        """Hand everything to the other nodes; return whether they and the routers have it within `seconds`.

        Raises:
            Unavailable: the store cannot be reached.
        """
        await self.membership.drain()
        version = self.membership.map_version
        ends = time.monotonic() + seconds
        await self._giving.until_parted(version)  # or what `handed_over` says would depend on how long there is
        while time.monotonic() < ends:
            heirs = [id for id, entry in self.membership.members.items() if entry.state == "live"]
            if all(self._giving.taken.get(id, 0) >= version for id in heirs) and not (heirs and is_watched()):
                return True
            await asyncio.sleep(LOOK_SECONDS)
        return False

    @property
    def handed_over(self) -> tuple[int, int]:
        """How many topics others have taken, and how many wait for that."""
        return self._giving.given, self._giving.waiting

    async def leave(self) -> None:
        """Leave the map."""
        await self.membership.leave()

    async def close(self) -> None:
        """Stop."""
        await self.membership.close()
        self._giving.close()
        await self._taking.close()

    def _remapped(self, nodes: NodeMap) -> None:
        self._giving.part()
        self._taking.follow(nodes.nodes, nodes.version)

    def _lapsed(self) -> None:
        self._giving.set_aside()
        self._taking.follow(self.membership.members, self.membership.map_version)
