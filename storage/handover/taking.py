"""What a node owns by a new map, taken from the nodes that had it before."""

import asyncio
import time
from collections.abc import Mapping

from api import link_pb2 as wire
from api.link_security import LinkSecurity
from api.names import Topic
from backplane.interface import Node as NodeEntry
from storage.handover.giving import Giving
from storage.handover.source import Source, Unanswered
from storage.handover.state import restored
from storage.membership import Membership
from storage.node import Node


class Taking:
    """One source for each other node of the map."""

    def __init__(
        self, node: Node, giving: Giving, membership: Membership, security: LinkSecurity | None = None
    ) -> None:
        self._node = node
        self._security = security
        self._giving = giving
        self._membership = membership
        self._news = asyncio.Event()
        self._sources: dict[str, Source] = {}
        self._settling: dict[Topic, asyncio.Task[None]] = {}
        self._closing: set[asyncio.Task[None]] = set()

    def __repr__(self) -> str:
        return f"<Taking from {len(self._sources)} nodes, {'pending' if self.pending else 'done'}>"

    @property
    def pending(self) -> bool:
        """Whether another node may still have something of this node's."""
        return any(source.pending for source in self._sources.values())

    def follow(self, members: Mapping[str, NodeEntry], map_version: int) -> None:
        """Take from these nodes whatever is this node's by the map of this version."""
        for id, source in list(self._sources.items()):
            if id not in members or members[id].address != source.address:
                self._drop(self._sources.pop(id))
        for id, entry in members.items():
            if id != self._node.id:
                if id not in self._sources:
                    self._sources[id] = self._source(entry.address)
                self._sources[id].follow(map_version)
        self._source_changed()

    async def arrived(self, map_version: int) -> None:
        """Return when nothing is on its way here that was sent by a map older than this.

        A node that is silent is waited for as long as it is not taken to be unreachable.
        """
        while not all(source.has_flushed(map_version) for source in self._sources.values()):
            self._news.clear()
            await self._news.wait()

    async def settle(self, topic: Topic) -> None:
        """Get one topic from whoever has it, ahead of the others.

        Where one who may have it cannot be reached, and no other has it, it begins anew.
        """
        task = self._settling.get(topic)
        if task is None:
            task = self._settling[topic] = asyncio.create_task(self._settle(topic))
            task.add_done_callback(lambda _: self._settling.pop(topic, None))
        await asyncio.wait((task,))

    async def close(self) -> None:
        """Take nothing more."""
        for source in self._sources.values():
            self._drop(source)
        self._sources.clear()
        for task in self._settling.values():
            task.cancel()
        await asyncio.gather(*self._closing, *self._settling.values(), return_exceptions=True)

    async def _settle(self, topic: Topic) -> None:
        sources = list(self._sources.values())
        answered = not any(source.missed for source in sources)
        answers = await asyncio.gather(*(source.want(topic) for source in sources), return_exceptions=True)
        self._reclaim(topic, keep=answered and not any(isinstance(answer, Unanswered) for answer in answers))

    def _source(self, address: str) -> Source:
        return Source(self._node.id, address, self._took, self._source_changed, self._security)

    def _took(self, topic: Topic, states: list[wire.State]) -> None:
        history = restored(states, self._node.settings, time.monotonic())
        placement = self._membership.placement
        if not placement or placement.owner(topic).id == self._node.id:
            self._node.adopt(topic, history, placement.version)
        else:
            self._giving.pass_on(topic, history)

    def _source_changed(self) -> None:
        """Take back what came back, once every other node has said that it has no more."""
        self._news.set()
        if not self.pending:
            keep = not any(source.missed for source in self._sources.values())
            for topic in self._giving.reclaimable():
                self._reclaim(topic, keep=keep)

    def _reclaim(self, topic: Topic, *, keep: bool) -> None:
        history = self._giving.reclaim(topic)
        if history is not None and keep:
            self._node.adopt(topic, history, self._membership.map_version)

    def _drop(self, source: Source) -> None:
        task = asyncio.create_task(source.close())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)
