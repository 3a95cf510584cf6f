import asyncio

import pytest

from api.account import Limits
from api.errors import PermissionDenied, StreamMoved, TooManySubscriptions, Unauthenticated, Unavailable
from backplane.interface import Node as NodeEntry
from router.router import RouterSettings
from tests.unit.asgi import parsed
from tests.unit.credentials import account, token
from tests.unit.router.parts import NOTHING_LEFT, World, never, world


def numbers(frames: bytes) -> list[int]:
    return [m.item.topic_sequence_number for m in parsed(frames) if m.HasField("item")]


async def test_two_subscribers_see_the_same_items_in_the_same_order(acme: World) -> None:
    first, second = await acme.open(), await acme.open()
    assert parsed(await first.next()) == parsed(await second.next())
    for text in "abc":
        await acme.publish(text)
    assert numbers(await first.next()) == numbers(await second.next()) == [1, 2, 3]


async def test_subscribers_of_a_topic_share_one_feed_and_one_watch(acme: World) -> None:
    opened = [await acme.open() for _ in range(3)]
    assert acme.leftovers == {"feeds": 1, "subscriptions": 3, "counted": 3, "watchers": 1}
    for subscription in opened:
        acme.router.unsubscribe(subscription)
    assert acme.leftovers == NOTHING_LEFT


async def test_equal_names_of_two_accounts_are_two_topics() -> None:
    both = await world(None, account("acme"), account("bolt"))
    theirs = await both.router.subscribe(
        await both.router.bearers.bearer(token(account="bolt")), "cache", "t", 0, 0, never
    )
    await theirs.next()
    await both.publish("secret", "t")
    await both.publish("public", "t", credential=token(account="bolt"))
    assert [m.item.value.text for m in parsed(await theirs.next())] == ["public"]


async def test_one_link_serves_all_topics_of_a_node(acme: World) -> None:
    for name in range(50):
        await acme.publish("x", f"topic {name}")
    assert "2 links" in repr(acme.router.owners)
    assert sum(len(node) for node in acme.nodes.values()) == 50


async def test_a_subscription_that_cannot_be_opened_takes_no_room() -> None:
    full = await world(None, account(limits=Limits(subscriptions=1)), nodes=0)
    for _ in range(3):
        with pytest.raises(Unavailable, match="no storage node"):
            await full.open()
    assert full.leftovers == NOTHING_LEFT
    await full.registry.beat(NodeEntry("node-9"))
    for _ in range(3):
        with pytest.raises(Unavailable, match="is not here"):
            await full.open()
    assert full.leftovers == NOTHING_LEFT


async def test_over_the_limit_the_subscription_is_refused_in_words_that_sdks_know() -> None:
    small = await world(None, account(limits=Limits(subscriptions=2)))
    held = [await small.open(), await small.open("other")]
    with pytest.raises(TooManySubscriptions, match="subscribers"):
        await small.open()
    small.router.unsubscribe(held[0])
    assert await small.open()


async def test_a_draining_router_opens_nothing_and_moves_what_is_open(acme: World) -> None:
    opened = [await acme.open() for _ in range(5)]
    acme.router.drain()
    with pytest.raises(StreamMoved):
        await acme.open()
    assert [acme.router.end_some(2) for _ in range(4)] == [3, 1, 0, 0]
    for subscription in opened:
        await subscription.next()
        with pytest.raises(StreamMoved, match=r"^Received RST_STREAM with code 0$"):
            await subscription.next()
    assert repr(acme.router).startswith("<Router draining, 5 subscriptions, <Feeds 1 in place")


async def test_a_change_of_the_account_ends_the_subscriptions_that_it_forbids(acme: World) -> None:
    subscription = await acme.open()
    await subscription.next()
    await acme.directory.put_account(account(version=2, suspended=True))
    with pytest.raises(PermissionDenied, match="suspended"):
        await subscription.next()


async def test_the_removal_of_the_account_ends_its_subscriptions(acme: World) -> None:
    subscription = await acme.open()
    await subscription.next()
    await acme.directory.remove_account("acme")
    with pytest.raises(Unauthenticated):
        await subscription.next()


async def test_a_new_node_takes_its_share_of_new_topics(acme: World) -> None:
    topics = [acme.topic(str(number)) for number in range(1000)]
    before = {topic: acme.router.owners.node_id(topic) for topic in topics}
    await acme.registry.beat(NodeEntry("node-3"))
    after = {topic: acme.router.owners.node_id(topic) for topic in topics}
    changed = {after[topic] for topic in topics if after[topic] != before[topic]}
    assert changed == {"node-3"}


async def test_an_item_that_nobody_here_asked_for_is_let_go(acme: World) -> None:
    acme.router.feeds.item(acme.topic("unknown"), 1, 1, b"frame")
    assert acme.leftovers == NOTHING_LEFT


async def test_what_everybody_has_is_let_go_within_a_second(acme: World) -> None:
    subscription = await acme.open()
    await subscription.next()
    await acme.publish("x" * 1000)
    await subscription.next()
    waiting = asyncio.ensure_future(subscription.next())
    await asyncio.sleep(0)
    acme.router.trim()
    assert subscription.feed.log.held_bytes == 0
    waiting.cancel()


def test_local_settings_keep_the_pace_that_sdk_tests_expect() -> None:
    assert RouterSettings.for_local() == RouterSettings(local=True, heartbeat_seconds=0.95)
    assert RouterSettings().heartbeat_seconds <= 5


async def test_a_closed_router_no_longer_follows_the_backplane(acme: World) -> None:
    before = acme.router.owners.map_version
    await acme.open()
    acme.router.close()
    await acme.registry.leave("node-1")
    await acme.directory.put_account(account(version=2, caches=()))
    assert acme.router.owners.map_version == before
    assert await acme.open()
