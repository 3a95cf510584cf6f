"""What a node no longer owns, kept until its new owners have taken it."""

import asyncio

from api.names import Topic
from backplane.placement import Placement
from storage.history import History
from storage.membership import Membership
from storage.node import Node

SLICE = 200
"""So many topics are looked at before others have their turn: about 1 ms."""


class Giving:
    """Parts from the topics that the map gives to others, and keeps each for its new owner.

    Attributes:
        taken: By node, the version of the newest map of which it has everything.
        version: Of the map by which topics were parted from last.
        given: How many topics others have taken, or were taking when the link to them broke.
    """

    def __init__(self, node: Node, membership: Membership) -> None:
        self.taken: dict[str, int] = {}
        self.version = 0
        self.given = 0
        self._node = node
        self._membership = membership
        self._parted: dict[str, dict[Topic, History]] = {}
        self._changed = asyncio.Condition()
        self._parting: asyncio.Task[None] | None = None

    def __repr__(self) -> str:
        return f"<Giving map {self.version}, {self.waiting} topics wait for their owners>"

    @property
    def waiting(self) -> int:
        """How many topics wait for their owners."""
        return sum(map(len, self._parted.values()))

    def part(self) -> None:
        """Part from what the newest map gives to others."""
        if self._parting is not None:
            self._parting.cancel()
        self._parting = asyncio.create_task(self._part(self._membership.placement))

    async def until_parted(self, map_version: int) -> None:
        """Return when everything that a map at least as new as this gives to others was parted from."""
        async with self._changed:
            await self._changed.wait_for(lambda: self.version >= map_version)

    def next_for(self, receiver: str) -> tuple[Topic, History] | None:
        """Take out a topic that waits for this node."""
        waiting = self._parted.get(receiver)
        if not waiting:
            return None
        self.given += 1
        return waiting.popitem()

    def one_for(self, receiver: str, topic: Topic) -> History | None:
        """Take out this topic, if it is here and the node's."""
        history = self._parted.get(receiver, {}).pop(topic, None)
        placement = self._membership.placement
        if history is None and topic in self._node and placement and placement.owner(topic).id == receiver:
            history = self._node.release(topic, placement.version)
        self.given += history is not None
        return history

    def keep(self, receiver: str, topic: Topic, history: History) -> None:
        """Keep a topic for this node, unless a newer state of it waits already."""
        waiting = self._parted.setdefault(receiver, {})
        known = waiting.get(topic)
        if known is None or (known.page, known.last) < (history.page, history.last):
            waiting[topic] = history

    def pass_on(self, topic: Topic, history: History) -> None:
        """Keep what arrived here after the map had given it to another node."""
        self.keep(self._membership.placement.owner(topic).id, topic, history)

    def close(self) -> None:
        """Part from nothing any more."""
        if self._parting is not None:
            self._parting.cancel()

    def reclaim(self, topic: Topic) -> History | None:
        """Take back a topic that has come back before anybody took it."""
        return self._parted.get(self._node.id, {}).pop(topic, None)

    def reclaimable(self) -> list[Topic]:
        """Return what has come back before anybody took it."""
        return list(self._parted.get(self._node.id, ()))

    def set_aside(self) -> None:
        """Part from everything: others may have owned it since."""
        for topic in self._node.topics():
            self.keep(self._node.id, topic, self._node.release(topic, self._membership.map_version))

    async def _part(self, placement: Placement) -> None:
        self._sort_anew(placement)
        topics = self._node.topics()
        for start in range(0, len(topics), SLICE):
            for topic in topics[start : start + SLICE]:
                if topic in self._node and bool(placement):
                    self._part_from(topic, placement)
            await asyncio.sleep(0)
        async with self._changed:
            self.version = placement.version
            self._changed.notify_all()

    def _part_from(self, topic: Topic, placement: Placement) -> None:
        owner = placement.computed_owner(topic).id
        if owner != self._node.id:
            history = self._node.release(topic, placement.version)
            if not topic.durable:
                self.keep(owner, topic, history)

    def _sort_anew(self, placement: Placement) -> None:
        """Give what waits to those who own it by now. What nobody took and a departed node may have had is dropped."""
        before, self._parted = self._parted, {}
        for receiver, topics in before.items():
            for topic, history in topics.items():
                owner = placement.owner(topic).id if placement else self._node.id
                if owner != self._node.id or receiver == self._node.id or receiver in self._membership.members:
                    self.keep(owner, topic, history)
