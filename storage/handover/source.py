"""Another node of the map, which may have topics that are this node's now."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any, Final

import grpc

from api import link_pb2 as wire
from api import link_pb2_grpc
from api.link_security import LinkSecurity, channel
from api.names import Topic
from api.outbox import Outbox
from api.tasks import end, first
from api.topic_names import topic_message, topic_of

UNREACHABLE_SECONDS: Final = 2.0
"""A node that was silent this long is taken to have nothing: its topics must not wait for it."""

RETRY_SECONDS: Final = 0.1
REQUEST_BYTES: Final = 256

_log = logging.getLogger(__name__)


class Unanswered(Exception):
    """The other node did not say whether it has a topic."""


class Source:
    """One stream from another node, opened anew when it breaks."""

    def __init__(
        self,
        me: str,
        address: str,
        took: Callable[[Topic, list[wire.State]], None],
        changed: Callable[[], None],
        security: LinkSecurity | None = None,
    ) -> None:
        """Take from the node at `address`, `host:port`.

        Args:
            me: The id of the node that takes.
            address: Where the other one listens.
            took: Called with all parts of each topic.
            changed: Called when the other node has nothing more, or nothing more by older maps, or cannot be reached.
            security: How the two know each other.
        """
        self.address = address
        self.pending = False
        """Whether the other node may still have something of this map."""
        self.missed = False
        """Whether it could not be asked, so that what it had may be lost."""
        self._me = me
        self._security = security
        self._took = took
        self._changed = changed
        self._version = 0
        self._flushed = 0
        self._parts: dict[Topic, list[wire.State]] = {}
        self._wanted: dict[Topic, asyncio.Future[None]] = {}
        self._outbox: Outbox[wire.HandOverRequest] | None = None
        self._patience: asyncio.TimerHandle | None = None
        self._task = asyncio.create_task(self._run())

    def __repr__(self) -> str:
        return f"<Source {self.address} map {self._version}, {'pending' if self.pending else 'done'}>"

    def follow(self, map_version: int) -> None:
        """Go by this map from now on."""
        self._version = map_version
        self.pending, self.missed = True, False
        self._be_patient()
        self._send_follow()

    def has_flushed(self, map_version: int) -> bool:
        """Whether nothing is on its way from there that was sent by a map older than this."""
        return not self.pending or self._flushed >= map_version

    async def want(self, topic: Topic) -> None:
        """Return when the other node has sent the topic, or said that it does not have it.

        Raises:
            Unanswered: it cannot be asked.
        """
        if not self.pending:
            return
        future = self._wanted.get(topic)
        if future is None:
            future = self._wanted[topic] = asyncio.get_running_loop().create_future()
            self._send(wire.HandOverRequest(want=topic_message(topic)))
        await asyncio.wait((future,))
        if future.cancelled():
            raise Unanswered(self.address)

    async def close(self) -> None:
        """Take nothing more."""
        self._end(missed=True)
        await end(self._task)

    async def _run(self) -> None:
        while True:
            try:
                async with channel(self.address, self._security) as connection:
                    stub: Any = link_pb2_grpc.StorageStub(connection)
                    await self._serve(stub.HandOver())
            except (grpc.RpcError, asyncio.InvalidStateError):  # the latter of a write to a stream that has ended
                _log.info("the hand-over from %s broke", self.address)
            except Exception:  # noqa: BLE001 - whatever it was, the next stream may go well
                _log.exception("the hand-over from %s failed", self.address)
            finally:
                self._outbox = None
                self._parts.clear()
            await asyncio.sleep(RETRY_SECONDS)

    async def _serve(self, stream: grpc.aio.StreamStreamCall[wire.HandOverRequest, wire.HandOverEvent]) -> None:
        await stream.wait_for_connection()
        self._outbox = outbox = Outbox[wire.HandOverRequest](max_bytes=0)  # see `_send`
        self._send_follow()
        for topic in self._wanted:
            self._send(wire.HandOverRequest(want=topic_message(topic)))

        async def write(requests: list[wire.HandOverRequest]) -> None:
            for request in requests:
                await stream.write(request)

        async def read() -> None:
            async for event in stream:
                self._take(event)

        await first(read(), outbox.drain_into(write))

    def _take(self, event: wire.HandOverEvent) -> None:
        if self.pending:
            self._be_patient()
        match event.WhichOneof("kind"):
            case "state":
                topic = topic_of(event.state.topic)
                self._parts.setdefault(topic, []).append(event.state)
                if not event.state.more:
                    self._took(topic, self._parts.pop(topic))
                    self._answered(topic)
            case "absent":
                self._answered(topic_of(event.absent))
            case "done":
                self._done(event.done.map_version)
            case "alive":
                self._flushed = max(self._flushed, event.alive.map_version)
                self._changed()
            case _:
                _log.warning("a storage node of a newer version handed over something unknown")

    def _answered(self, topic: Topic) -> None:
        future = self._wanted.pop(topic, None)
        if future is not None and not future.done():
            future.set_result(None)

    def _done(self, map_version: int) -> None:
        """Everything by this map is here; what an older one says counts no more, a newer one is yet to be followed."""
        if map_version == self._version:
            self._send(wire.HandOverRequest(took=wire.Took(map_version=map_version)))
            self._end(missed=False)

    def _send_follow(self) -> None:
        if self._version:
            follow = wire.Follow(node=self._me, map_version=self._version)
            self._send(wire.HandOverRequest(follow=follow))

    def _send(self, request: wire.HandOverRequest) -> None:
        if self._outbox is not None:
            # All is insisted on: it is bounded by the number of topics, and one that is not asked for would be lost.
            self._outbox.insist(request, REQUEST_BYTES)

    def _be_patient(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
        self._patience = asyncio.get_running_loop().call_later(UNREACHABLE_SECONDS, self._give_up)

    def _give_up(self) -> None:
        _log.warning("the storage node at %s hands nothing over; what it alone had is lost", self.address)
        self._end(missed=True)

    def _end(self, *, missed: bool) -> None:
        """Expect nothing more by this map."""
        if self._patience is not None:
            self._patience.cancel()
        if not self.pending:
            return
        self.pending, self.missed = False, missed
        wanted, self._wanted = self._wanted, {}
        for future in wanted.values():
            if missed:
                future.cancel()
            elif not future.done():
                future.set_result(None)
        self._changed()
