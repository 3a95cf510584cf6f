"""Topics that move between storage nodes under load: what publishers and subscribers see of it."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from api.names import Topic
from storage.handover import source
from storage.handover.recipient import Recipient
from tests.integration.core.fleet import Fleet, running
from tests.patience import patient
from tests.unit.asgi import Connection

TOPICS = [f"topic {number}" for number in range(24)]
DEADLINE_SECONDS = 30.0
LONG_BYTES = 8 * 1024 * 1024
"""A request of a hand-over is counted as so long that no two dozen of them would fit a bound on what waits."""


class Load:
    """One publisher and two subscribers for each topic, over two routers."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet
        self._going = True
        self._task: asyncio.Task[None] | None = None
        self.subscribers: dict[str, list[Connection]] = {}
        self.sent: dict[str, list[str]] = {topic: [] for topic in TOPICS}
        self.refused: list[str] = []

    async def start(self) -> None:
        one, two = self._fleet.gateways
        for topic in TOPICS:
            self.subscribers[topic] = [await one.subscribe(topic), await two.subscribe(topic)]
        self._task = asyncio.create_task(self._publish())
        await self.until_more(5)

    async def until_more(self, count: int) -> None:
        """Return when every topic got this many more."""
        wanted = {topic: len(sent) + count for topic, sent in self.sent.items()}
        async with asyncio.timeout(patient(DEADLINE_SECONDS)):
            while any(len(self.sent[topic]) < number for topic, number in wanted.items()):
                await asyncio.sleep(0.01)

    async def stop(self) -> None:
        """Publish no more, and wait until the last items are there."""
        self._going = False
        assert self._task is not None
        await self._task
        for topic, clients in self.subscribers.items():
            for client in clients:
                async with asyncio.timeout(patient(DEADLINE_SECONDS)):
                    await client.until(lambda c=client, t=topic: c.texts[-1:] == self.sent[t][-1:])

    async def _publish(self) -> None:
        await asyncio.gather(*(self._publish_to(topic, number) for number, topic in enumerate(TOPICS)))

    async def _publish_to(self, topic: str, number: int) -> None:
        count = 0
        while self._going:
            text = f"{topic}: {count}"
            answer = await self._fleet.gateways[(number + count) % 2].publish(text, topic)
            (self.sent[topic] if answer.status == 0 else self.refused).append(text)
            count += 1
            await asyncio.sleep(0.005)


@asynccontextmanager
async def loaded(nodes: int = 3) -> AsyncGenerator[tuple[Fleet, Load]]:
    async with running(nodes=nodes) as fleet:
        load = Load(fleet)
        await load.start()
        yield fleet, load


def pages(client: Connection) -> list[int]:
    return sorted({message.item.sequence_page for message in client.messages if message.HasField("item")})


def owners(fleet: Fleet) -> dict[str, str]:
    find = fleet.gateways[0].router.owners.node_id
    return {topic: find(Topic("acme", "acme-cache", topic)) for topic in TOPICS}


async def join(fleet: Fleet) -> None:
    await fleet.join("node-new")


async def drain(fleet: Fleet) -> None:
    await fleet.nodes["node-1"].leave()


async def replace(fleet: Fleet) -> None:
    await fleet.join("node-new")
    await fleet.nodes["node-0"].leave()
    await fleet.nodes["node-2"].leave()


async def many_at_once(fleet: Fleet) -> None:
    """Topics are on their way by one map when the next one sends them elsewhere."""
    ids = [f"node-new-{number}" for number in range(4)]
    await asyncio.gather(*(fleet.join(id) for id in ids))
    await asyncio.gather(*(fleet.nodes[id].leave() for id in [*ids, "node-0", "node-1"]))


@pytest.mark.parametrize("change", [join, drain, replace, many_at_once])
async def test_a_change_in_good_order_loses_nothing_and_needs_no_word(
    change: Callable[[Fleet], Awaitable[None]],
) -> None:
    async with loaded() as (fleet, load):
        await change(fleet)
        await load.until_more(5)
        await load.stop()
        assert not load.refused
        for topic, clients in load.subscribers.items():
            for client in clients:
                assert client.texts == load.sent[topic]
                assert client.numbers == list(range(1, len(load.sent[topic]) + 1))
                assert "discontinuity" not in client.kinds


async def test_a_fresh_subscription_begins_with_the_newest_item_also_after_its_topic_was_handed_over() -> None:
    async with running(nodes=2) as fleet:
        older = [await gateway.subscribe() for gateway in fleet.gateways]
        for text in ("one", "two"):
            await fleet.gateways[0].publish(text)
        owner = fleet.gateways[0].router.owners.node_id(Topic("acme", "acme-cache", "topic"))
        await fleet.nodes[owner].leave()
        fresh = [await gateway.subscribe() for gateway in fleet.gateways]
        await fleet.gateways[1].publish("three")
        for client in (*older, *fresh):
            async with asyncio.timeout(patient(DEADLINE_SECONDS)):
                await client.until(lambda c=client: c.texts[-1:] == ["three"])
            assert "discontinuity" not in client.kinds
        assert [client.numbers for client in (*older, *fresh)] == [[1, 2, 3], [1, 2, 3], [2, 3], [2, 3]]


async def test_what_a_node_has_no_time_to_hand_over_begins_anew_and_the_drain_is_the_cause() -> None:
    async with loaded() as (fleet, load):
        before, leaving = owners(fleet), fleet.nodes["node-1"]
        assert not await leaving.member.drain(0, lambda: leaving.server.is_watched)
        given, left = leaving.member.handed_over
        assert given + left == list(before.values()).count("node-1")
        await leaving.member.leave()
        await leaving.close()
        await load.until_more(5)
        await load.stop()
        told = [client.kinds.count("discontinuity") for clients in load.subscribers.values() for client in clients]
        assert max(told) == 1
        causes = sum((Counter(gateway.router.counts.gaps) for gateway in fleet.gateways), Counter[str]())
        assert causes == {"drain": sum(told)}


async def test_the_topics_of_a_node_that_dies_go_on_elsewhere_after_one_discontinuity() -> None:
    async with loaded() as (fleet, load):
        before = owners(fleet)
        await fleet.nodes["node-1"].die()
        await load.until_more(5)
        await load.stop()
        for topic, clients in load.subscribers.items():
            for client in clients:
                died = before[topic] == "node-1"
                assert client.kinds.count("discontinuity") == died, (topic, client.kinds)
                assert len(pages(client)) == 1 + died
                assert len(client.texts) == len(set(client.texts))
        lost = list(before.values()).count("node-1")
        assert lost
        assert [gateway.router.counts.gaps for gateway in fleet.gateways] == [{"node_loss": lost}] * 2


async def test_a_node_that_was_forgotten_for_a_while_takes_back_what_others_have_by_now() -> None:
    async with loaded() as (fleet, load):
        before = owners(fleet)
        membership = fleet.nodes["node-1"].member.membership
        await membership._stop_beating()  # as in a stop that is longer than the lease
        await fleet.registry.leave("node-1")
        await load.until_more(5)
        membership._lease_ends = float("-inf")
        membership._beating = asyncio.create_task(membership._beat_on())
        async with asyncio.timeout(patient(DEADLINE_SECONDS)):
            while "node-1" not in fleet.registry.map().nodes:
                await asyncio.sleep(0.01)
        await load.until_more(20)
        await load.stop()
        assert len(fleet.nodes["node-1"].node) == sum(1 for owner in before.values() if owner == "node-1")
        for topic, clients in load.subscribers.items():
            for client in clients:
                assert len(client.texts) == len(set(client.texts))
                assert client.kinds.count("discontinuity") == (before[topic] == "node-1")


async def test_all_topics_that_are_asked_for_at_once_come_as_they_were(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many they are, and however long what asks for them: one that is not asked for begins anew."""
    monkeypatch.setattr(Recipient, "_give", nothing)
    monkeypatch.setattr(source, "REQUEST_BYTES", LONG_BYTES)
    topics = [f"topic-{number}" for number in range(60)]
    async with running(routers=1, nodes=1) as fleet:
        (gateway,) = fleet.gateways
        for topic in topics:
            await gateway.publish("before", topic)
        newcomer = (await fleet.join("node-1")).node
        await asyncio.gather(*(gateway.publish("after", topic) for topic in topics))
        moved = [newcomer.history(topic) for topic in newcomer.topics()]
    assert moved
    assert {history.last for history in moved if history is not None} == {2}


async def nothing(*_: object) -> None:
    """Hand nothing over of which nobody asks."""
