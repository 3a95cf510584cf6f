"""The inner link over real gRPC: batches, order, and what happens when it breaks."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from grpc import aio
from grpc_health.v1 import health_pb2, health_pb2_grpc
from momento_wire_types import cachepubsub_pb2 as client

from api import blocks, frames
from api.errors import DeadlineExceeded, Unavailable
from api.framing import HEADER_BYTES
from api.link import Moved, Receipt
from api.names import MAX_NAME_CHARACTERS, Topic
from api.outbox import BATCH_BYTES, Outbox
from router.links.remote import FIRST_RETRY_SECONDS, RemoteLink
from storage.node import Node
from storage.server import SERVICE, Server
from storage.session import Session
from tests.patience import until

TOPIC = Topic("account", "cache", "topic")


class Heard:
    """A sink that keeps what it was told."""

    def __init__(self) -> None:
        self.items: list[tuple[int, int, str]] = []
        self.stood: list[tuple[int, int]] = []

    def item(self, topic: Topic, page: int, number: int, frame: bytes) -> None:
        item = client._SubscriptionItem.FromString(frame[HEADER_BYTES:]).item
        assert (item.sequence_page, item.topic_sequence_number) == (page, number)
        self.items.append((page, number, item.value.text))

    def stands(self, topic: Topic, page: int, last: int) -> None:
        self.stood.append((page, last))

    def moved(self, topic: Topic, map_version: int) -> None:
        raise AssertionError(f"nobody moved {topic} at {map_version}")

    @property
    def numbers(self) -> list[int]:
        return [number for _, number, _ in self.items]


@asynccontextmanager
async def serving(node: Node, port: int = 0) -> AsyncGenerator[int]:
    server = Server(node, f"127.0.0.1:{port}")
    yield await server.start()
    await server.close(grace_seconds=0)


@asynccontextmanager
async def linked(port: int, sink: Heard, *, frames: bool = True) -> AsyncGenerator[RemoteLink]:
    link = RemoteLink(f"127.0.0.1:{port}", sink, frames=frames)
    link.start()
    yield link
    await link.close()


def lost(session: Session, *_: object) -> None:
    """Break the session's stream instead of doing what was asked."""
    session.overflowed.set()


def silent(session: Session, *_: object) -> None:
    """Do nothing of what was asked."""


async def say(link: RemoteLink, text: str) -> int:
    value = client._TopicValue(text=text).SerializeToString()
    return (await link.publish(TOPIC, value, b"", timeout=5, stored=lambda: None)).number


async def test_publishes_of_two_routers_have_one_order_that_both_hear() -> None:
    one, two = Heard(), Heard()
    async with serving(Node("node-1")) as port, linked(port, one) as first, linked(port, two) as second:
        assert (await first.subscribe(TOPIC, 0, 0)).last == 0
        assert (await second.subscribe(TOPIC, 0, 0)).last == 0
        numbers = await asyncio.gather(*(say(link, f"{n}") for n in range(500) for link in (first, second)))
        await until(lambda: len(one.items) == len(two.items) == 1000)
    assert sorted(numbers) == list(range(1, 1001))
    assert one.items == two.items
    assert one.numbers == list(range(1, 1001))


async def test_an_answer_to_subscribe_stands_between_what_was_before_and_what_follows() -> None:
    heard = Heard()
    async with serving(Node("node-1")) as port, linked(port, heard) as link:
        for text in ("one", "two", "three"):
            await say(link, text)
        resumed = await link.subscribe(TOPIC, 2, 0)
        await say(link, "four")
        await until(lambda: bool(heard.items))
    assert (resumed.last, resumed.discontinuity, len(resumed.frames)) == (3, None, 2)
    assert heard.numbers == [4]


async def test_a_resume_point_that_is_not_there_comes_with_a_discontinuity() -> None:
    async with serving(Node("node-1")) as port, linked(port, Heard()) as link:
        await say(link, "one")
        resumed = await link.subscribe(TOPIC, 300, 7)
    assert resumed.discontinuity is not None
    assert (resumed.discontinuity.last, resumed.discontinuity.new) == (299, 1)


async def test_a_topic_no_longer_watched_is_no_longer_broadcast() -> None:
    heard = Heard()
    async with serving(Node("node-1")) as port, linked(port, heard) as link:
        await link.subscribe(TOPIC, 0, 0)
        link.unsubscribe(TOPIC)
        await say(link, "one")
        resumed = await link.subscribe(TOPIC, 0, 0)
    assert resumed.last == 1
    assert heard.items == []


async def test_a_link_that_breaks_takes_up_its_topics_where_they_were() -> None:
    node, heard = Node("node-1"), Heard()
    async with serving(node) as port:
        link = RemoteLink(f"127.0.0.1:{port}", heard)
        link.start()
        await link.subscribe(TOPIC, 0, 0)
        await say(link, "one")
        await until(lambda: heard.numbers == [1])
    node.publish(TOPIC, client._TopicValue(text="two").SerializeToString(), b"")
    async with serving(node, port):
        await until(lambda: heard.numbers == [1, 2])
        assert await say(link, "three") == 3
        await until(lambda: heard.numbers == [1, 2, 3])
        await link.close()


async def test_a_link_that_was_broken_for_long_takes_up_more_than_one_answer_holds() -> None:
    node, heard = Node("node-1"), Heard()
    async with serving(node) as port:
        link = RemoteLink(f"127.0.0.1:{port}", heard)
        link.start()
        await link.subscribe(TOPIC, 0, 0)
        await say(link, "one")
        await until(lambda: heard.numbers == [1])
    long = client._TopicValue(text="x" * 1000).SerializeToString()
    for _ in range(1000):
        node.publish(TOPIC, long, b"")
    async with serving(node, port):
        await until(lambda: len(heard.numbers) == 1001)
        assert await say(link, "last") == 1002
        await until(lambda: heard.numbers == list(range(1, 1003)))
        await link.close()


async def test_more_topics_than_one_frame_has_room_for_are_taken_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """What one account may subscribe to would else keep a router from a node for all others."""
    monkeypatch.setattr(frames, "MAX_FRAME_BYTES", 2 * BATCH_BYTES)
    name = "\N{GRINNING FACE}" * (MAX_NAME_CHARACTERS - 4)
    topics = [Topic("account", "cache", f"{number:04}{name}") for number in range(2_500)]
    assert sum(len(topic.name.encode()) for topic in topics) > 2 * BATCH_BYTES
    heard = Heard()
    async with serving(Node("node-1")) as port:
        link = RemoteLink(f"127.0.0.1:{port}", heard)
        for topic in topics:
            link.watch(topic, 0, 0)
        link.start()
        await until(lambda: len(heard.stood) == len(topics))
        await link.close()


async def test_a_node_that_lost_its_memory_goes_on_with_a_newer_page() -> None:
    heard = Heard()
    async with serving(Node("node-1")) as port:
        link = RemoteLink(f"127.0.0.1:{port}", heard)
        link.start()
        await link.subscribe(TOPIC, 0, 0)
        await say(link, "one")
        await until(lambda: heard.numbers == [1])
    await until(lambda: "connecting" in repr(link))
    async with serving(Node("node-1"), port):
        assert await say(link, "two") == 1
        await until(lambda: heard.numbers == [1, 1])
        await link.close()
    assert heard.items[1][0] > heard.items[0][0]


async def test_who_subscribes_while_a_node_is_away_is_answered_when_it_is_back() -> None:
    """Though connections to it failed meanwhile: within the time that SDKs wait for a first message."""
    async with serving(Node("node-1")) as port:
        pass
    async with linked(port, Heard()) as link:
        subscribing = asyncio.create_task(link.subscribe(TOPIC, 0, 0))
        await until(lambda: link._retry_seconds > FIRST_RETRY_SECONDS * 2)
        async with serving(Node("node-1"), port):
            assert (await subscribing).last == 0


async def test_who_was_about_to_subscribe_when_a_link_broke_is_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving(Node("node-1")) as port, linked(port, Heard()) as link:
        await say(link, "the link is up")
        with monkeypatch.context() as deaf:
            deaf.setattr(Session, "_put", lost)
            subscribing = asyncio.create_task(link.subscribe(TOPIC, 0, 0))
            await until(lambda: "connecting" in repr(link))
        assert (await subscribing).last == 1


async def test_who_was_about_to_subscribe_at_a_node_that_left_looks_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving(Node("node-1")) as port, linked(port, Heard()) as link:
        await say(link, "the link is up")
        monkeypatch.setattr(Session, "take_all", silent)
        subscribing = asyncio.create_task(link.subscribe(TOPIC, 0, 0))
        await until(lambda: bool(link._asked))
        link.leave()
        with pytest.raises(Moved):
            await subscribing


async def test_without_a_node_a_publish_is_unavailable_and_does_not_hang() -> None:
    async with serving(Node("node-1")) as port:
        pass
    async with linked(port, Heard()) as link:
        with pytest.raises(Unavailable, match="cannot be reached"):
            await link.publish(TOPIC, b"\x0a\x01x", b"", timeout=0.2, stored=lambda: None)


async def test_what_is_stored_counts_though_its_client_waits_no_more_and_says_it_again() -> None:
    """Each stored message is billed, and once: a client that gives up and repeats has published twice."""
    stored: list[int] = []
    gave_up = 0
    async with serving(Node("node-1")) as port, linked(port, Heard()) as link:
        await say(link, "the link is up")
        for number in range(100):
            try:
                waits = 0.0 if number % 2 else 5.0
                value = client._TopicValue(text="again").SerializeToString()
                await link.publish(TOPIC, value, b"", timeout=waits, stored=lambda: stored.append(1))
            except (DeadlineExceeded, Unavailable):
                gave_up += 1
        await say(link, "all before is done")
        last = (await link.subscribe(TOPIC, 0, 0)).last
    assert gave_up > 0
    assert last - 2 == len(stored)
    assert 100 - gave_up <= len(stored)


@pytest.mark.parametrize("breaks", [1, 2])
async def test_what_was_stored_counts_though_its_receipt_was_lost(monkeypatch: pytest.MonkeyPatch, breaks: int) -> None:
    """A link that is back asks: each stored message is billed once, and one that never came there is not."""
    stored: list[str] = []
    value = client._TopicValue(text="x").SerializeToString()
    async with serving(Node("node-1")) as port, linked(port, Heard()) as link:
        await say(link, "the link is up")

        async def publish(name: str) -> str:
            try:
                await link.publish(TOPIC, value, b"", timeout=5, stored=lambda: stored.append(name))
            except Unavailable:
                return "unavailable"
            return "acknowledged"

        with monkeypatch.context() as deaf:
            for broken in range(breaks):
                deaf.setattr(Session, "_put", lost)
                assert await publish(f"lost {broken}") == "unavailable"
        with monkeypatch.context() as blind:
            blind.setattr(Session, "take_all", lost)
            assert await publish("never there") == "unavailable"
        assert await publish("again") == "acknowledged"
        last = (await link.subscribe(TOPIC, 0, 0)).last
        expected = sorted(["again", *(f"lost {broken}" for broken in range(breaks))])
        await until(lambda: sorted(stored) == expected)
    assert last - 1 == len(stored)


class Begun:
    """A publish that nobody waits for in a task; an `api.link.Asker`."""

    def __init__(self, link: RemoteLink, timeout: float = 5.0) -> None:
        self.counted = 0
        self.outcomes: list[Receipt | Exception] = []
        link.begin(TOPIC, client._TopicValue(text="x").SerializeToString(), b"", timeout, self)

    def stored(self) -> None:
        self.counted += 1

    def told(self, outcome: Receipt | Exception) -> None:
        self.outcomes.append(outcome)

    @property
    def fate(self) -> tuple[int, list[type]]:
        """How often it was counted, and the kinds of what was told."""
        return self.counted, [type(outcome) for outcome in self.outcomes]


async def test_a_publish_is_begun_and_told_of_once(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving(Node("node-1")) as port, linked(port, Heard()) as link:
        await say(link, "the link is up")
        begun = [Begun(link) for _ in range(100)]
        await until(lambda: all(each.outcomes for each in begun))
        assert [each.outcomes[0].number for each in begun if isinstance(each.outcomes[0], Receipt)] == [*range(2, 102)]
        late = Begun(link, timeout=0.0)
        await until(lambda: late.fate == (1, [DeadlineExceeded]))  # the word came, but too late
        with monkeypatch.context() as deaf:
            deaf.setattr(Session, "_put", lost)
            unsure = Begun(link)
            await until(lambda: unsure.fate == (0, [Unavailable]))
        await until(lambda: unsure.fate == (1, [Unavailable]))  # the link is back, and has asked
        full, link._outbox = link._outbox, Outbox(10)
        with pytest.raises(Unavailable, match="does not keep up"):
            Begun(link)
        link._outbox = full
        await say(link, "all before is done")
        last = Begun(link)
        link.leave()
        await until(lambda: bool(last.outcomes))
    assert all(each.fate == (1, [Receipt]) for each in begun)
    assert (late.fate, unsure.fate) == ((1, [DeadlineExceeded]), (1, [Unavailable]))
    assert len(last.outcomes) == 1


async def test_a_link_that_cannot_say_what_it_is_asked_to_breaks_and_is_made_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Or it would look alive, and nothing would go out any more."""

    def wrong(*_: object) -> None:
        raise ValueError("nothing can be said")

    async with serving(Node("node-1")) as port, linked(port, Heard()) as link:
        await say(link, "the link is up")
        with monkeypatch.context() as mute:
            mute.setattr(blocks, "router_batches", wrong)
            with pytest.raises(Unavailable, match="the link to the topic's storage node broke"):
                await say(link, "lost")
        assert await say(link, "again") == 2


async def test_a_node_that_lost_its_memory_remembers_no_publish_either(monkeypatch: pytest.MonkeyPatch) -> None:
    stored: list[int] = []
    async with serving(Node("node-1")) as port:
        link = RemoteLink(f"127.0.0.1:{port}", Heard())
        link.start()
        await say(link, "the link is up")
        with monkeypatch.context() as deaf:
            deaf.setattr(Session, "_put", lost)
            with pytest.raises(Unavailable):
                await link.publish(TOPIC, b"\x0a\x01x", b"", timeout=5, stored=lambda: stored.append(1))
    async with serving(Node("node-1"), port):
        await say(link, "the link is back")
        await link.close()
    assert stored == []


async def test_a_storage_node_reports_its_health() -> None:
    async with serving(Node("node-1")) as port, aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        health: Any = health_pb2_grpc.HealthStub(channel)  # its methods have no types
        answer = await health.Check(health_pb2.HealthCheckRequest(service=SERVICE))
    assert answer.status == health_pb2.HealthCheckResponse.SERVING
