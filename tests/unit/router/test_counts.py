"""What a router counts for its operators, against what its clients saw."""

import asyncio
from collections import Counter

from api.items import item_frame
from router.router import RouterSettings
from tests.patience import patient
from tests.unit.asgi import Connection
from tests.unit.router.parts import World, world


async def seen(client: Connection, kind: str, count: int = 1) -> None:
    await client.until(lambda: client.kinds.count(kind) >= count)


async def test_what_is_done_is_counted_once(acme: World) -> None:
    counts = acme.router.counts
    first, second = acme.subscribe(), acme.subscribe()
    await seen(first, "heartbeat")
    await seen(second, "heartbeat")
    for text in ("one", "four", "x" * 2000):
        await acme.publish(text)
    await seen(first, "item", 3)
    async with asyncio.timeout(patient(5)):
        while counts.delivered < 6:  # an item counts when the edge has taken it
            await asyncio.sleep(0.001)
    assert (counts.published, counts.opened, counts.delivered) == (3, 2, 6)
    assert counts.delivered_bytes == 2 * (3 + 4 + 2000)
    assert counts.publish.buckets()[-1] == ("+Inf", 3)
    assert counts.subscribe.buckets()[-1] == ("+Inf", 2)
    assert counts.fanout.buckets()[-1][1] >= 1
    assert not counts.gaps
    assert not counts.refused


async def test_refusals_are_counted_by_call_and_reason(acme: World) -> None:
    await acme.publish(cache="nowhere")
    await acme.publish(credential="nonsense")
    await acme.subscribe(cache="nowhere").answered()
    assert acme.router.counts.refused == Counter(
        {("publish", "not_found"): 1, ("publish", "unauthenticated"): 1, ("subscribe", "not_found"): 1}
    )


async def test_gaps_are_counted_by_what_caused_them() -> None:
    bounded = await world(RouterSettings(max_pending_bytes=20_000))
    stalled, other = bounded.subscribe(), bounded.subscribe()
    await seen(stalled, "heartbeat")
    await seen(other, "heartbeat")
    stalled.stall()
    for number in range(1, 60):
        await bounded.publish("x" * 1000)
        await seen(other, "item", number)
    stalled.read_on()
    await seen(stalled, "discontinuity")
    gaps = bounded.router.counts.gaps
    assert gaps == Counter({"slow_reader": 1})

    await seen(bounded.subscribe(number=1000), "discontinuity")
    assert gaps == Counter({"slow_reader": 1, "retention": 1})
    await seen(bounded.subscribe(number=1, page=7), "discontinuity")
    assert gaps == Counter({"slow_reader": 1, "retention": 1, "page_reset": 1})

    topic = bounded.topic()
    feed = bounded.router.feeds.attach(topic)
    readers = feed.subscribers - 1
    frame = item_frame(feed.log.last + 5, feed.log.page, b"\n\x01x", b"")
    bounded.router.feeds.item(topic, feed.log.page, feed.log.last + 5, frame)
    await asyncio.sleep(0)
    assert gaps["link"] == readers + 1
    bounded.router.feeds.detach(feed)
