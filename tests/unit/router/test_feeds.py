"""What all topics keep together for those who read slowly."""

import asyncio

import pytest
from momento_wire_types import cachepubsub_pb2 as wire
from typing_extensions import override

from api.errors import Unavailable
from api.items import item_frame
from api.link import Moved, Resumed
from api.names import Topic
from router.feed import Feed
from router.feeds import Feeds, fair_share
from router.log import FRAME_BYTES
from router.router import RouterSettings
from tests.unit.asgi import Connection
from tests.unit.router.parts import World, world

ITEM_BYTES = 1_000
TOTAL = 40_000
PAGE = 7


async def stalled(at: World, topic: str) -> Connection:
    client = at.subscribe(topic)
    await client.until(lambda: "heartbeat" in client.kinds)
    client.stall()
    return client


async def test_the_topics_that_keep_most_give_way_and_their_readers_are_told_what_is_missing() -> None:
    bounded = await world(RouterSettings(max_total_pending_bytes=TOTAL))
    little, much, as_much = [await stalled(bounded, name) for name in ("little", "much", "as-much")]
    for number in range(1, 61):
        await bounded.publish("x" * ITEM_BYTES, "much")
        await bounded.publish("x" * ITEM_BYTES, "as-much")
        if number <= 5:
            await bounded.publish("x" * ITEM_BYTES, "little")
        await asyncio.sleep(0)  # room is made after what came
        assert bounded.router.feeds.held_bytes < TOTAL
    for client, last in ((little, 5), (much, 60), (as_much, 60)):
        client.read_on()
        await client.until(lambda client=client, last=last: last in client.numbers)
    assert little.numbers == [1, 2, 3, 4, 5]
    assert "discontinuity" not in little.kinds
    assert kept(much)[-1] == kept(as_much)[-1] == 60
    assert bounded.router.counts.gaps == {"slow_reader": 2}


def kept(client: Connection) -> list[int]:
    """Return the numbers that came, having seen that all others were told as missing."""
    (told,) = [message.discontinuity for message in client.messages if message.HasField("discontinuity")]
    missing = range(told.last_topic_sequence + 1, told.new_topic_sequence)
    assert sorted([*client.numbers, *missing]) == list(range(1, 61))
    return client.numbers


async def test_what_all_have_read_gives_way_before_what_somebody_waits_for() -> None:
    bounded = await world(RouterSettings(max_total_pending_bytes=TOTAL))
    slow = await stalled(bounded, "slow")
    quick = bounded.subscribe("quick")
    await quick.until(lambda: "heartbeat" in quick.kinds)
    for number in range(1, 36):
        await bounded.publish("x" * ITEM_BYTES, "quick")
        await quick.until(lambda number=number: number in quick.numbers)
    feed = bounded.router.feeds._feeds[bounded.topic("quick")]
    await quick.until(lambda: len(feed._waiting) == 1)  # for more, having taken everything
    for _ in range(35):
        await bounded.publish("x" * ITEM_BYTES, "slow")
    slow.read_on()
    await slow.until(lambda: 35 in slow.numbers)
    assert slow.numbers == list(range(1, 36))
    assert bounded.router.counts.gaps == {}


def stalled_feed(feeds: Feeds, account: str, name: str) -> Feed:
    """Return a feed whose only reader takes nothing."""
    feed = feeds.attach(Topic(account, f"{account}-cache", name))
    feed.align(PAGE, 0)
    return feed


def value(size: int) -> bytes:
    return wire._TopicValue(binary=bytes(size)).SerializeToString()


def came(feeds: Feeds, feed: Feed, size: int) -> None:
    number = feed.log.last + 1
    feeds.item(feed.topic, PAGE, number, item_frame(number, PAGE, value(size), b""))


async def test_items_larger_than_a_fair_share_give_way_too() -> None:
    feeds = (await world(RouterSettings(max_total_pending_bytes=TOTAL))).router.feeds
    for number in range(20):
        came(feeds, stalled_feed(feeds, "acme", str(number)), TOTAL // 10)
        await asyncio.sleep(0)
        assert feeds.held_bytes <= TOTAL


async def test_items_count_with_what_they_take_beside_their_bytes() -> None:
    feeds = (await world(RouterSettings(max_total_pending_bytes=TOTAL))).router.feeds
    feed = stalled_feed(feeds, "acme", "small")
    for _ in range(1_000):
        came(feeds, feed, 1)
        await asyncio.sleep(0)
    assert feed.log.end - feed.log.start <= TOTAL // FRAME_BYTES


async def test_whoever_waits_gets_all_of_a_batch_that_comes_while_others_do_not_read() -> None:
    bounded = await world(RouterSettings(max_total_pending_bytes=TOTAL))
    feeds, quick = bounded.router.feeds, bounded.subscribe("quick")
    await quick.until(lambda: "heartbeat" in quick.kinds)
    stalled = [stalled_feed(feeds, "globex", str(number)) for number in range(20)]
    for feed in stalled * 3:
        came(feeds, feed, ITEM_BYTES)
    await bounded.publish("first", "quick")
    await quick.until(lambda: quick.numbers == [1])
    own = feeds._feeds[bounded.topic("quick")]
    await quick.until(lambda: len(own._waiting) == 1)
    for number in range(2, 32):  # in one turn of the loop, as a link hands over a batch
        feeds.item(own.topic, own.log.page, number, item_frame(number, own.log.page, value(ITEM_BYTES), b""))
    await quick.until(lambda: 31 in quick.numbers)
    assert quick.numbers == list(range(1, 32))
    assert bounded.router.counts.gaps == {}


async def test_an_account_with_many_topics_takes_no_more_than_one_with_few() -> None:
    feeds = (await world(RouterSettings(max_total_pending_bytes=TOTAL))).router.feeds
    many = [stalled_feed(feeds, "globex", str(number)) for number in range(20)]
    few = stalled_feed(feeds, "acme", "few")
    for _ in range(15):
        for feed in (few, *many):
            came(feeds, feed, ITEM_BYTES)
        await asyncio.sleep(0)
    assert few.log.start == 0
    assert feeds.held_bytes <= TOTAL


def test_a_fair_share_leaves_alone_those_who_want_little() -> None:
    assert fair_share(100, [10, 20, 30]) == 100
    assert fair_share(100, [10, 200, 300]) == 45
    assert fair_share(100, [200, 300]) == 50
    assert fair_share(100, []) == 100


class Watched:
    """A link that is asked for a topic while its owner changes to another one."""

    def __init__(self, feeds: Feeds, heir: "Watched | None", outcome: Resumed | Moved) -> None:
        self.topics: set[Topic] = set()
        self._feeds = feeds
        self._heir = heir
        self._outcome = outcome

    async def subscribe(self, topic: Topic, number: int, page: int) -> Resumed:
        self.topics.add(topic)
        if self._heir is not None:
            self._feeds._watched[topic] = self._heir
        if isinstance(self._outcome, Moved):
            raise self._outcome
        return self._outcome

    def watch(self, topic: Topic, page: int, last: int) -> None:
        self.topics.add(topic)

    def unsubscribe(self, topic: Topic) -> None:
        self.topics.discard(topic)


@pytest.mark.parametrize("outcome", [Resumed(PAGE, 0, None, [], 1), Moved()])
async def test_a_link_that_was_asked_before_the_owner_changed_watches_no_more(
    acme: World, outcome: Resumed | Moved
) -> None:
    feeds, topic = acme.router.feeds, acme.topic()
    feed = feeds.attach(topic)
    heir = Watched(feeds, None, Resumed(PAGE, 3, None, [], 4))
    before = Watched(feeds, heir, outcome)
    feeds._watched[topic] = before
    feeds._place = lambda _: None  # pyright: ignore[reportAttributeAccessIssue] - the owner is the heir
    assert (await feeds.read(feed, 0, 0)).last == 3
    assert (before.topics, heir.topics) == (set(), {topic})


class Silent(Watched):
    """A link to a node that says nothing."""

    @override
    async def subscribe(self, topic: Topic, number: int, page: int) -> Resumed:
        await asyncio.Event().wait()
        raise AssertionError


async def test_who_subscribes_at_a_node_that_says_nothing_is_told_so_before_sdks_give_up(acme: World) -> None:
    feeds, topic = acme.router.feeds, acme.topic()
    feed = feeds.attach(topic)
    feeds._watched[topic] = Silent(feeds, None, Moved())
    async with asyncio.timeout(5):
        with pytest.raises(Unavailable, match="did not answer in time"):
            await feeds.read(feed, 0, 0)
