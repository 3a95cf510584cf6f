"""What a node does for one router, without a connection."""

import asyncio
from typing import cast

import pytest

from api import link_pb2 as wire
from api.blocks import Item, Stored
from api.errors import Unavailable
from api.link import Moved
from api.names import Topic
from api.topic_names import topic_message
from storage.durable.topics import DurableTopics
from storage.node import Node
from storage.session import LOAD_PAUSE_SECONDS, LOAD_WAIT_SECONDS, Session

TOPIC = Topic("account", "cache", "topic")
DURABLE = TOPIC._replace(durable=True)


class Owned:
    """An `Ownership` of everything, or of nothing."""

    map_version = 5
    is_owner = True

    def owns(self, topic: Topic, map_version: int) -> bool:
        return self.is_owner

    def is_settled(self, topic: Topic) -> bool:
        return True

    async def settle(self, topic: Topic) -> None: ...


class Store:
    """Loads durable topics into a node, while it can."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self.failure: Exception | None = Unavailable("the store is away")
        self.asked = 0

    async def load(self, topic: Topic) -> None:
        self.asked += 1
        if self.failure is not None:
            raise self.failure
        if topic not in self._node:
            self._node.begin(topic)


class Router:
    """The other side of a session."""

    def __init__(self) -> None:
        self.owned = Owned()
        self.node = Node("node-1")
        self.store = Store(self.node)
        self.session = Session(self.node, self.owned, cast("DurableTopics", self.store))
        self._told: list[wire.Event | Item | Stored] = []

    def subscribe(self, id: int, watch: int, topic: Topic = DURABLE) -> None:
        subscribe = wire.Subscribe(topic=topic_message(topic), watch=watch)
        self._ask(wire.Request(id=id, subscribe=subscribe))

    def unsubscribe(self, topic: Topic = DURABLE) -> None:
        self._ask(wire.Request(unsubscribe=wire.Unsubscribe(topic=topic_message(topic))))

    def _ask(self, request: wire.Request) -> None:
        self.session.take_all(wire.RouterBatch(requests=[request]))

    @property
    def told(self) -> list[tuple[str, int]]:
        """The kinds of what it was told, each with the request or the watch that it is about."""
        if self.session.outbox.waiting_bytes:
            self._told += self.session.outbox.batch()
        events = [event for event in self._told if isinstance(event, wire.Event)]
        return [(kind, _about(event)) for event in events if (kind := event.WhichOneof("kind"))]


def _about(event: wire.Event) -> int:
    return event.resumed.id or event.moved.id or -event.moved.watch


@pytest.fixture
async def router() -> Router:
    return Router()


async def test_who_has_given_up_does_not_wait_for_a_durable_topic(router: Router) -> None:
    """Clients try again and again while a store is away; each that stayed would ask the store four times a second."""
    for id in range(1, 501):
        router.subscribe(id, watch=id)
        router.unsubscribe()
    await asyncio.sleep(2 * LOAD_PAUSE_SECONDS)
    asked = router.store.asked
    await asyncio.sleep(10)
    assert router.store.asked == asked
    assert not router.session._waiting


async def test_all_subscribers_of_a_durable_topic_wait_for_one_load(router: Router) -> None:
    for id in range(1, 101):
        router.subscribe(id, watch=7)
    await asyncio.sleep(LOAD_PAUSE_SECONDS / 2)
    assert router.store.asked == 1
    router.store.failure = None
    await asyncio.sleep(LOAD_PAUSE_SECONDS)
    assert router.told == [("resumed", id) for id in range(1, 101)]


async def test_a_watch_waits_for_its_durable_topic_longer_than_its_subscribers(router: Router) -> None:
    router.subscribe(1, watch=7)
    for id in range(2, 1000):
        await asyncio.sleep(0.1)
        router.subscribe(id, watch=7)
    ((_, waiting),) = router.session._loading.items()
    assert len(waiting) < 10 * (LOAD_WAIT_SECONDS + 2 * LOAD_PAUSE_SECONDS)
    router.store.failure = None
    await asyncio.sleep(LOAD_PAUSE_SECONDS)
    assert router.told[0] == ("resumed", 1)
    assert router.told[-1] == ("resumed", 999)


async def test_whoever_waits_for_a_durable_topic_of_another_node_is_refused(router: Router) -> None:
    router.store.failure = Moved(6)
    router.subscribe(1, watch=7)
    router.subscribe(2, watch=7)
    await asyncio.sleep(LOAD_PAUSE_SECONDS)
    assert router.told == [("moved", 1), ("moved", 2)]
    assert not router.session.is_watching


async def test_who_watches_a_topic_is_told_when_another_subscriber_of_it_is_refused(router: Router) -> None:
    """The node broadcasts it no more: its router must look for it elsewhere."""
    router.subscribe(1, 7, TOPIC)
    router.owned.is_owner = False
    router.subscribe(2, 7, TOPIC)
    assert router.told == [("resumed", 1), ("moved", -7), ("moved", 2)]
    assert not router.session.is_watching
