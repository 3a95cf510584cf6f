"""Another node, which takes over what is its own by the newest map.

Two maps may come in quick succession, and a topic may then be on its way here while it is another node's already. So
nothing is said to be absent, and nobody is told that it has everything, before all that was sent here by older maps
has arrived.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from typing import Any, Final

import grpc

from api import link_pb2 as wire
from api.names import Topic
from api.topic_names import topic_message, topic_of
from storage.handover.giving import Giving
from storage.handover.state import parts
from storage.history import History
from storage.membership import Membership

ALIVE_SECONDS: Final = 0.5
"""A node that has nothing to give yet says so at least this often, or it would be taken to be unreachable."""

Send = Callable[[wire.HandOverEvent], Awaitable[None]]

_log = logging.getLogger(__name__)


class Recipient:
    """One stream to another node."""

    def __init__(
        self, giving: Giving, membership: Membership, arrived: Callable[[int], Awaitable[None]], send: Send
    ) -> None:
        """Take what there is to give.

        Args:
            giving: What this node no longer owns.
            membership: This node's.
            arrived: Returns when nothing is on its way to this node that was sent by a map older than this version.
            send: Writes to the stream.
        """
        self._giving = giving
        self._membership = membership
        self._arrived = arrived
        self._write = send
        self._id = ""
        self._lock = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()

    def __repr__(self) -> str:
        return f"<Recipient {self._id}, {len(self._tasks)} answers under way>"

    async def serve(self, requests: AsyncIterator[wire.HandOverRequest]) -> None:
        """Hand over until the other node leaves."""
        try:
            async for request in requests:
                await self._take(request)
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _take(self, request: wire.HandOverRequest) -> None:
        match request.WhichOneof("kind"):
            case "follow":
                self._id = request.follow.node
                await self._membership.reach(request.follow.map_version)
                self._begin(self._give(request.follow.map_version))
            case "want":
                self._begin(self._give_one(topic_of(request.want)))
            case "took":
                self._giving.taken[self._id] = request.took.map_version
            case _:
                _log.warning("a storage node of a newer version asked for something unknown")

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        """Answer beside others. Nothing of it is cancelled but by the end: a write cut short would break the stream."""
        task = asyncio.create_task(self._unless_it_breaks(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _unless_it_breaks(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except grpc.aio.BaseError:  # whoever reads the stream sees its end
            _log.info("the hand-over to node '%s' broke", self._id)

    async def _give(self, version: int) -> None:
        """Give everything that is the other node's by the map of this version; by a newer one it will ask anew."""
        await self._giving.until_parted(version)
        if self._giving.version > version:
            return
        await self._say_alive(version)
        await self._send_all()
        arriving = asyncio.ensure_future(self._arrived(version))
        try:
            while not (await asyncio.wait({arriving}, timeout=ALIVE_SECONDS))[0]:
                await self._say_alive(version)
        finally:
            arriving.cancel()
        await self._send_all()
        if self._giving.version == version:
            await self._send(wire.HandOverEvent(done=wire.Done(map_version=version)))

    async def _give_one(self, topic: Topic) -> None:
        if not await self._send_one(topic):
            await self._arrived(self._membership.map_version)
            if not await self._send_one(topic):
                await self._send(wire.HandOverEvent(absent=topic_message(topic)))

    async def _say_alive(self, version: int) -> None:
        await self._send(wire.HandOverEvent(alive=wire.Alive(map_version=version)))

    async def _send(self, event: wire.HandOverEvent) -> None:
        async with self._lock:
            await self._write(event)

    async def _send_all(self) -> None:
        while True:
            async with self._lock:
                waiting = self._giving.next_for(self._id)
                if waiting is None:
                    return
                await self._send_state(*waiting)

    async def _send_one(self, topic: Topic) -> bool:
        async with self._lock:
            history = self._giving.one_for(self._id, topic)
            if history is None:
                return False
            await self._send_state(topic, history)
            return True

    async def _send_state(self, topic: Topic, history: History) -> None:
        try:
            for state in parts(topic, history, time.monotonic()):
                await self._write(wire.HandOverEvent(state=state))
        except BaseException:
            self._giving.keep(self._id, topic, history)
            raise
