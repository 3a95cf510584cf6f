"""What a node no longer owns, kept until its new owners have taken it."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable

from api import link_pb2 as wire
from api.names import Topic
from backplane.placement import Placement
from storage.handover.state import parts, topic_message, topic_of
from storage.history import History
from storage.membership import Membership
from storage.node import Node

SLICE = 200
"""So many topics are looked at before others have their turn: about 1 ms."""

Send = Callable[[wire.HandOverEvent], Awaitable[None]]


class Giving:
    """Parts from the topics that the map gives to others, and hands them over."""

    def __init__(self, node: Node, membership: Membership) -> None:
        self.given: dict[str, int] = {}
        """By node, the version of the newest map of which it has got everything."""
        self._node = node
        self._membership = membership
        self._parted: dict[str, dict[Topic, History]] = {}
        self._parted_version = 0
        self._changed = asyncio.Condition()
        self._parting: asyncio.Task[None] | None = None

    def __repr__(self) -> str:
        waiting = sum(map(len, self._parted.values()))
        return f"<Giving map {self._parted_version}, {waiting} topics wait for their owners>"

    def part(self) -> None:
        """Part from what the newest map gives to others."""
        if self._parting is not None:
            self._parting.cancel()
        self._parting = asyncio.create_task(self._part(self._membership.placement))

    async def serve(self, requests: AsyncIterator[wire.HandOverRequest], send: Send) -> None:
        """Hand over to one node until it leaves."""
        receiver, lock = "", asyncio.Lock()
        giving: set[asyncio.Task[None]] = set()

        async def send_one(event: wire.HandOverEvent) -> None:
            async with lock:
                await send(event)

        try:
            async for request in requests:
                if request.WhichOneof("kind") == "follow":
                    receiver = request.follow.node
                    await self._membership.reach(request.follow.map_version)
                    # One that is under way is not cancelled: a write that is cut short would break the stream.
                    task = asyncio.create_task(self._give(receiver, request.follow.map_version, send_one))
                    giving.add(task)
                    task.add_done_callback(giving.discard)
                else:
                    await self._give_one(topic_of(request.want), receiver, send_one)
        finally:
            for task in giving:
                task.cancel()
            await asyncio.gather(*giving, return_exceptions=True)

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
        own = self._parted.setdefault(self._node.id, {})
        for topic in self._node.topics():
            own[topic] = self._node.release(topic, self._membership.map_version)

    async def _part(self, placement: Placement) -> None:
        self._sort_anew(placement)
        topics = self._node.topics()
        for start in range(0, len(topics), SLICE):
            for topic in topics[start : start + SLICE]:
                if topic in self._node and bool(placement):
                    self._part_from(topic, placement)
            await asyncio.sleep(0)
        async with self._changed:
            self._parted_version = placement.version
            self._changed.notify_all()

    def _part_from(self, topic: Topic, placement: Placement) -> None:
        owner = placement.computed_owner(topic).id
        if owner != self._node.id:
            history = self._node.release(topic, placement.version)
            if not topic.durable:
                self._parted.setdefault(owner, {})[topic] = history

    def _sort_anew(self, placement: Placement) -> None:
        """Give what waits to those who own it by now. What nobody took and a departed node may have had is dropped."""
        before, self._parted = self._parted, {}
        for receiver, topics in before.items():
            for topic, history in topics.items():
                owner = placement.owner(topic).id if placement else self._node.id
                if owner != self._node.id or receiver == self._node.id or receiver in self._membership.members:
                    self._parted.setdefault(owner, {})[topic] = history

    async def _give(self, receiver: str, version: int, send: Send) -> None:
        async with self._changed:
            await self._changed.wait_for(lambda: self._parted_version >= version)
        version = self._parted_version
        while waiting := self._parted.get(receiver):
            topic, history = waiting.popitem()
            await self._send_state(topic, history, receiver, send)
        await send(wire.HandOverEvent(done=wire.Done(map_version=version)))
        self.given[receiver] = version

    async def _give_one(self, topic: Topic, receiver: str, send: Send) -> None:
        history = self._parted.get(receiver, {}).pop(topic, None)
        placement = self._membership.placement
        if history is None and topic in self._node and placement and placement.owner(topic).id == receiver:
            history = self._node.release(topic, placement.version)
        if history is None:
            await send(wire.HandOverEvent(absent=topic_message(topic)))
        else:
            await self._send_state(topic, history, receiver, send)

    async def _send_state(self, topic: Topic, history: History, receiver: str, send: Send) -> None:
        try:
            for state in parts(topic, history, time.monotonic()):
                await send(wire.HandOverEvent(state=state))
        except BaseException:
            self._parted.setdefault(receiver, {})[topic] = history
            raise
