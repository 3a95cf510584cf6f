"""A node lives by what accounts say of their caches, and forgets what is gone."""

from collections.abc import AsyncGenerator

import pytest

from api.account import AccountSnapshot, Cache, History
from api.names import Topic
from backplane.memory import MemoryDirectory
from storage.bounds import CacheBounds
from storage.node import Node
from storage.settings import HistorySettings
from tests.patience import until
from tests.unit.clock import Clock
from tests.unit.storage.parts import TOPIC, node, numbers, value

OTHER = Topic("acme", "acme-news", "topic")
OWN = HistorySettings(items=10, topic_bytes=10_000, seconds=100)


def snapshot(version: int, history: History | None = None, *, with_news: bool = True) -> AccountSnapshot:
    caches = {"cache": Cache("acme-cache", "cache", history=history or History())}
    if with_news:
        caches["news"] = Cache("acme-news", "news")
    return AccountSnapshot("acme", version, caches=caches)


class World:
    def __init__(self) -> None:
        self.clock = Clock()
        self.directory = MemoryDirectory()
        self.node: Node = node(self.clock, OWN)
        self.bounds = CacheBounds(self.node, self.directory)

    def publish(self, count: int = 1, topic: Topic = TOPIC) -> None:
        for _ in range(count):
            self.node.publish(topic, value(), b"")

    def kept(self, topic: Topic = TOPIC) -> int:
        history = self.node.history(topic)
        return 0 if history is None else len(history)


@pytest.fixture
async def here() -> AsyncGenerator[World]:
    world = World()
    yield world
    await world.bounds.close()


async def test_a_cache_keeps_as_many_items_as_it_says_and_others_what_the_node_keeps(here: World) -> None:
    await here.directory.put_account(snapshot(1, History(items=3)))
    here.publish(20)
    here.publish(20, OTHER)
    await until(lambda: here.kept() == 3)
    here.publish()
    assert (here.kept(), here.kept(OTHER)) == (3, 10)
    assert here.node.taken_bytes == sum(here.node._topics[topic].history.taken_bytes for topic in (TOPIC, OTHER))


async def test_bounds_that_change_hold_at_once(here: World) -> None:
    await here.directory.put_account(snapshot(1))
    here.publish(20)
    await until(lambda: "1 accounts" in repr(here.bounds))
    assert here.kept() == 10
    await here.directory.put_account(snapshot(2, History(items=2)))
    assert here.kept() == 2
    await here.directory.put_account(snapshot(3, History(items=5)))
    here.publish(20)
    assert here.kept() == 5


async def test_no_cache_keeps_more_than_the_node(here: World) -> None:
    await here.directory.put_account(snapshot(1, History(items=1000, bytes=10**9, seconds=10**6)))
    here.publish()
    await until(lambda: "1 accounts" in repr(here.bounds))
    assert here.node.settings_of(TOPIC) == OWN


async def test_bytes_and_age_are_bounded_too_and_the_newest_item_goes_by_age_alone(here: World) -> None:
    await here.directory.put_account(snapshot(1, History(bytes=1, seconds=5)))
    here.publish(4)
    await until(lambda: here.kept() == 1)
    here.clock.advance(5.1)
    assert numbers(here.node.subscribe(TOPIC, _Nobody(), 1, 0)) == []


async def test_the_topics_of_a_cache_that_is_deleted_are_forgotten(here: World) -> None:
    await here.directory.put_account(snapshot(1))
    here.publish()
    here.publish(1, OTHER)
    await until(lambda: "1 accounts" in repr(here.bounds))
    await here.directory.put_account(snapshot(2, with_news=False))
    assert (TOPIC in here.node, OTHER in here.node) == (True, False)
    await here.directory.remove_account("acme")
    assert (len(here.node), here.node.taken_bytes) == (0, 0)


async def test_a_cache_that_the_node_has_not_heard_of_is_served(here: World) -> None:
    await here.directory.put_account(snapshot(1, with_news=False))
    here.publish()
    await until(lambda: "1 accounts" in repr(here.bounds))
    here.publish(1, OTHER)
    await here.directory.put_account(snapshot(2))
    assert here.kept(OTHER) == 1


async def test_what_comes_from_another_node_is_cut_to_the_bounds(here: World) -> None:
    await here.directory.put_account(snapshot(1, History(items=2)))
    here.publish(1, OTHER)
    await until(lambda: "1 accounts" in repr(here.bounds))
    donor = node(Clock(), OWN)
    for _ in range(5):
        donor.publish(TOPIC, value(), b"")
    here.node.adopt(TOPIC, donor.release(TOPIC, 1), 1)
    assert here.kept() == 2


class _Nobody:
    def item(self, topic: Topic, page: int, number: int, frame: bytes) -> None:
        raise AssertionError

    def moved(self, topic: Topic, map_version: int) -> None:
        raise AssertionError
