"""What all topics keep together for those who read slowly."""

from router.feeds import fair_share
from router.router import RouterSettings
from tests.unit.asgi import Connection
from tests.unit.router.parts import World, world

ITEM_BYTES = 1_000
TOTAL = 40_000


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
        assert bounded.router.feeds.held_bytes < 1.1 * TOTAL
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


def test_a_fair_share_leaves_alone_those_who_want_little() -> None:
    assert fair_share(100, [10, 20, 30]) == 100
    assert fair_share(100, [10, 200, 300]) == 45
    assert fair_share(100, [200, 300]) == 50
    assert fair_share(100, []) == 100
