"""What becomes of a stream that falls behind, by the policy of its cache."""

from dataclasses import replace

import pytest

from api.account import SlowReaderPolicy
from api.errors import SlowReader
from router.router import RouterSettings
from tests.unit.asgi import Connection, parsed
from tests.unit.credentials import account
from tests.unit.router.parts import World, world

ITEMS, ITEM_BYTES = 60, 1000


async def with_policy(policy: SlowReaderPolicy) -> World:
    """Return a world whose router keeps 20 items of a topic for those who read slowly."""
    snapshot = account()
    cache = replace(snapshot.caches["cache"], slow_reader_policy=policy)
    changed = replace(snapshot, caches={**snapshot.caches, "cache": cache})
    return await world(RouterSettings(max_pending_bytes=20 * ITEM_BYTES), changed)


async def stalled(acme: World) -> Connection:
    """Return a client that has stalled at its heartbeat while items came, and reads on."""
    client, other = acme.subscribe(), acme.subscribe()
    await client.until(lambda: "heartbeat" in client.kinds)
    await other.until(lambda: "heartbeat" in other.kinds)
    client.stall()
    for number in range(1, ITEMS + 1):
        await acme.publish("x" * ITEM_BYTES)
        await other.until(lambda number=number: number in other.numbers)
    client.read_on()
    return client


async def test_by_default_it_goes_on_with_the_oldest_that_is_left() -> None:
    acme = await with_policy("drop_oldest")
    client = await stalled(acme)
    await client.until(lambda: ITEMS in client.numbers)
    assert client.kinds.count("discontinuity") == 1
    after = client.numbers[client.numbers.index(ITEMS - 10) :]
    assert after == list(range(ITEMS - 10, ITEMS + 1))


async def test_it_goes_on_with_the_newest_where_only_that_counts() -> None:
    acme = await with_policy("keep_latest")
    client = await stalled(acme)
    await client.until(lambda: ITEMS in client.numbers)
    *before, newest = client.numbers
    assert newest == ITEMS
    assert before == list(range(1, len(before) + 1))
    (told,) = [message.discontinuity for message in parsed(client.body) if message.HasField("discontinuity")]
    assert (told.last_topic_sequence, told.new_topic_sequence) == (len(before), ITEMS)
    assert acme.router.counts.gaps == {"slow_reader": 1}
    await acme.publish()
    await client.until(lambda: ITEMS + 1 in client.numbers)


async def test_it_ends_where_none_may_be_missed_without_a_word() -> None:
    acme = await with_policy("disconnect")
    client = await stalled(acme)
    await client.answered()
    assert (client.status, client.message) == (SlowReader.grpc, SlowReader().message)
    assert "discontinuity" not in client.kinds
    assert (acme.router.counts.disconnected, acme.router.counts.gaps.total()) == (1, 0)


@pytest.mark.parametrize("policy", ["keep_latest", "disconnect"])
async def test_a_policy_that_is_changed_holds_for_streams_that_are_open(policy: SlowReaderPolicy) -> None:
    acme = await with_policy("drop_oldest")
    subscription = await acme.open()
    await subscription.next()
    snapshot = await acme.directory.account("acme")
    assert snapshot is not None
    cache = replace(snapshot.caches["cache"], slow_reader_policy=policy)
    await acme.directory.put_account(replace(snapshot, version=snapshot.version + 1, caches={"cache": cache}))
    for _ in range(ITEMS):
        await acme.publish("x" * ITEM_BYTES)
    if policy == "disconnect":
        with pytest.raises(SlowReader):
            await subscription.next()
        assert isinstance(subscription.ending, SlowReader)
    else:
        (told,) = parsed(await subscription.next())
        assert told.discontinuity.new_topic_sequence == ITEMS
