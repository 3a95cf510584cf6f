"""The busiest topics of a cache, against what was published."""

import random
from collections import Counter

from api.names import Topic
from backplane.busiest import TopicUse
from router.busy import MOST_TOPICS, WINDOW_SECONDS, WINDOWS, BusyTopics
from tests.unit.clock import Clock
from tests.unit.router.parts import World


def topic(name: str, cache: str = "cache", account: str = "acme", *, durable: bool = False) -> Topic:
    return Topic(account, cache, name, durable)


def test_topics_come_by_publishes_and_those_of_other_caches_and_accounts_do_not() -> None:
    counted = BusyTopics()
    for each, times in ((topic("b"), 2), (topic("a"), 2), (topic("most"), 3), (topic("most", durable=True), 1)):
        for _ in range(times):
            counted.now.add(each, 10)
    counted.now.add(topic("x", "another"), 1)
    counted.now.add(topic("x", account="bob"), 1)
    assert counted.busiest("acme", "cache", 9) == [TopicUse("most", 4, 40), TopicUse("a", 2, 20), TopicUse("b", 2, 20)]
    assert counted.busiest("acme", "cache", 1) == [TopicUse("most", 4, 40)]
    assert counted.busiest("acme", "nothing", 9) == []


def test_what_is_older_than_a_minute_is_forgotten() -> None:
    clock = Clock()
    counted = BusyTopics(clock)
    counted.now.add(topic("old"), 1)
    for _ in range(1, int(WINDOW_SECONDS * WINDOWS)):
        clock.advance(1)
        counted.turn()
        assert counted.busiest("acme", "cache", 9) == [TopicUse("old", 1, 1)]
    clock.advance(1)
    counted.turn()
    assert counted.busiest("acme", "cache", 9) == []


def test_after_a_long_silence_nothing_is_left() -> None:
    clock = Clock()
    counted = BusyTopics(clock)
    counted.now.add(topic("old"), 1)
    clock.advance(1e6)
    counted.turn()
    counted.now.add(topic("new"), 1)
    assert counted.busiest("acme", "cache", 9) == [TopicUse("new", 1, 1)]


def test_a_million_topics_take_bounded_room_and_do_not_hide_the_busiest() -> None:
    counted, chance = BusyTopics(), random.Random(7)
    published: Counter[str] = Counter()
    for number in range(100_000):
        name = f"hot-{chance.randrange(10)}" if number % 2 else f"once-{number}"
        published[name] += 1
        counted.now.add(topic(name), 3)
        assert len(counted.now) <= MOST_TOPICS
    counted.now.add(topic("quiet", "another"), 1)
    found = counted.busiest("acme", "cache", 10)
    assert {use.name for use in found} == {f"hot-{number}" for number in range(10)}
    assert all(0.99 * published[use.name] <= use.publishes <= published[use.name] for use in found)
    assert all(use.bytes == 3 * use.publishes for use in found)
    assert counted.busiest("acme", "another", 9) == [TopicUse("quiet", 1, 1)]  # another's topics cost it nothing


async def test_a_router_tells_of_what_was_acknowledged_and_of_who_listens(acme: World) -> None:
    for name, times in (("lobby", 3), ("hall", 1)):
        for _ in range(times):
            await acme.publish("four", name)
    await acme.publish("refused", "lobby", credential="nonsense")
    await acme.open("lobby")
    account, cache, _, _ = acme.topic()
    assert acme.router.busiest(account, cache, 9) == [TopicUse("lobby", 3, 12), TopicUse("hall", 1, 4)]
    assert acme.router.audiences(account, cache, ["lobby", "hall", "nothing"]) == [1, 0, 0]
