"""What a node tells another one that takes over: nothing is absent while it may be on its way."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator

import pytest

from api import link_pb2 as wire
from api.topic_names import topic_message, topic_of
from backplane.interface import Node as NodeEntry
from backplane.interface import NodeMap
from backplane.memory import MemoryRegistry
from storage.handover.giving import Giving
from storage.handover.recipient import Recipient
from storage.history import History
from storage.membership import Membership
from storage.node import Node
from storage.settings import HistorySettings
from tests.unit.storage.parts import TOPIC

OWNER = NodeEntry("owner", "127.0.0.1:1")
DEADLINE_SECONDS = 30.0


class Desk:
    """A node that owns nothing, because another owns all, and the stream to that other one."""

    def __init__(self) -> None:
        self.registry = MemoryRegistry(lease_seconds=float("inf"))
        self.membership = Membership(self.registry, "giver", remapped=self._remapped, lapsed=lambda: None)
        self.giving = Giving(Node("giver"), self.membership)
        self.asked: asyncio.Queue[wire.HandOverRequest] = asyncio.Queue()
        self.told: list[wire.HandOverEvent] = []
        self.all_arrived = asyncio.Event()
        self.recipient = Recipient(self.giving, self.membership, self._arrived, self._send)

    @property
    def version(self) -> int:
        return self.registry.map().version

    @property
    def kinds(self) -> list[str | None]:
        return [event.WhichOneof("kind") for event in self.told]

    async def requests(self) -> AsyncIterator[wire.HandOverRequest]:
        while True:
            yield await self.asked.get()

    def follow(self) -> None:
        self.asked.put_nowait(wire.HandOverRequest(follow=wire.Follow(node="owner", map_version=self.version)))

    def want(self) -> None:
        self.asked.put_nowait(wire.HandOverRequest(want=topic_message(TOPIC)))

    async def until(self, *kinds: str) -> None:
        async with asyncio.timeout(DEADLINE_SECONDS):
            while [kind for kind in self.kinds if kind in ("state", "absent", "done")] != list(kinds):
                await asyncio.sleep(0.001)

    def _remapped(self, nodes: NodeMap) -> None:
        self.giving.part()

    async def _arrived(self, map_version: int) -> None:
        assert map_version == self.version
        await self.all_arrived.wait()

    async def _send(self, event: wire.HandOverEvent) -> None:
        self.told.append(event)


@pytest.fixture
async def desk() -> AsyncGenerator[Desk]:
    desk = Desk()
    await desk.registry.beat(OWNER)
    serving = asyncio.create_task(desk.recipient.serve(desk.requests()))
    desk.follow()
    async with asyncio.timeout(DEADLINE_SECONDS):
        while "alive" not in desk.kinds:
            await asyncio.sleep(0.001)
    yield desk
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)
    desk.giving.close()
    await desk.membership.close()


async def test_what_arrives_late_is_passed_on_and_then_it_is_done(desk: Desk) -> None:
    desk.want()
    await asyncio.sleep(0.01)
    await desk.until()
    history = History(7, HistorySettings())
    history.restore(3, [])
    desk.giving.pass_on(TOPIC, history)
    desk.all_arrived.set()
    await desk.until("state", "done")
    state = next(event.state for event in desk.told if event.HasField("state"))
    assert (topic_of(state.topic), state.page, state.last) == (TOPIC, 7, 3)


async def test_what_has_not_come_by_then_is_absent(desk: Desk) -> None:
    desk.want()
    await asyncio.sleep(0.01)
    await desk.until()
    desk.all_arrived.set()
    async with asyncio.timeout(DEADLINE_SECONDS):
        while "absent" not in desk.kinds or "done" not in desk.kinds:
            await asyncio.sleep(0.001)


async def test_it_says_that_it_is_alive_while_it_waits(desk: Desk) -> None:
    async with asyncio.timeout(DEADLINE_SECONDS):
        while desk.kinds.count("alive") < 3:
            await asyncio.sleep(0.01)
    assert "done" not in desk.kinds


async def test_nobody_is_told_that_all_is_done_by_a_map_that_is_no_longer_the_newest(desk: Desk) -> None:
    await desk.registry.beat(NodeEntry("another", "127.0.0.1:2"))
    await desk.giving.until_parted(desk.version)
    desk.all_arrived.set()
    await asyncio.sleep(0.05)
    assert "done" not in desk.kinds
    desk.follow()
    await desk.until("done")
    assert desk.told[-1].done.map_version == desk.version


async def test_what_was_taken_is_known(desk: Desk) -> None:
    desk.asked.put_nowait(wire.HandOverRequest(took=wire.Took(map_version=desk.version)))
    async with asyncio.timeout(DEADLINE_SECONDS):
        while desk.giving.taken.get("owner") != desk.version:
            await asyncio.sleep(0.001)
