import asyncio
import time
from dataclasses import replace

import pytest

from api.errors import (
    DeadlineExceeded,
    NotFound,
    PermissionDenied,
    StreamMoved,
    TidingsError,
    Unauthenticated,
    Unavailable,
)
from api.items import HEARTBEAT
from api.link import READ_BYTES, Resumed
from api.permissions import Grant
from api.rules import Rule, Selector, network
from router.router import RouterSettings
from router.subscription import WRITE_BYTES, Subscription
from tests.unit.asgi import parsed
from tests.unit.credentials import account, token
from tests.unit.router.parts import World, never, world

BEHIND_SECONDS = 30.0
"""What the machine may take from making a token to the loop's beginning to wait for its end."""


def numbers(frames: bytes) -> list[int]:
    return [m.item.topic_sequence_number for m in parsed(frames) if m.HasField("item")]


async def at_its_end(acme: World) -> Subscription:
    """Return a subscription that has been told everything."""
    subscription = await acme.open()
    assert (await subscription.next()).startswith(HEARTBEAT)
    return subscription


async def until_its_end(subscription: Subscription) -> None:
    while await subscription.next():
        pass


async def test_what_waits_goes_out_in_one_write(acme: World) -> None:
    subscription = await at_its_end(acme)
    for _ in range(20):
        await acme.publish()
    assert numbers(await subscription.next()) == list(range(1, 21))


async def test_one_write_carries_at_most_what_the_streams_window_takes(acme: World) -> None:
    subscription = await at_its_end(acme)
    for _ in range(10):
        await acme.publish("x" * 20_000)
    writes = [await subscription.next() for _ in range(4)]
    assert all(len(frames) <= WRITE_BYTES for frames in writes)
    assert [number for frames in writes for number in numbers(frames)] == list(range(1, 11))


async def test_a_value_goes_out_at_once_without_a_timer(acme: World) -> None:
    subscription = await at_its_end(acme)
    waiting = asyncio.ensure_future(subscription.next())
    await asyncio.sleep(0)
    before = asyncio.get_running_loop().time()
    await acme.publish()
    assert numbers(await waiting) == [1]
    assert asyncio.get_running_loop().time() == before


async def test_heartbeats_come_at_their_interval_while_it_is_silent(acme: World) -> None:
    subscription = await at_its_end(acme)
    loop = asyncio.get_running_loop()
    start = loop.time()
    for number in range(1, 4):
        assert await subscription.next() == HEARTBEAT
        assert 5 * number - 0.25 <= loop.time() - start <= 5 * number + 0.025


async def test_an_item_puts_the_next_heartbeat_off(acme: World) -> None:
    subscription = await at_its_end(acme)
    loop = asyncio.get_running_loop()
    start = loop.time()
    loop.call_later(3, lambda: acme.owner(acme.topic()).publish(acme.topic(), b"\x0a\x01x", b""))
    assert numbers(await subscription.next()) == [1]
    assert await subscription.next() == HEARTBEAT
    assert 7.75 <= loop.time() - start <= 8.025


async def test_a_local_server_beats_four_times_in_three_seconds() -> None:
    local = await world(RouterSettings(heartbeat_seconds=RouterSettings.for_local().heartbeat_seconds))
    subscription = await at_its_end(local)
    start = asyncio.get_running_loop().time()
    for _ in range(3):
        assert await subscription.next() == HEARTBEAT
    assert 0.84 * 3 < asyncio.get_running_loop().time() - start < 3


async def test_a_stream_that_is_written_to_needs_no_heartbeat(acme: World) -> None:
    subscription = await at_its_end(acme)
    await asyncio.sleep(20)
    await acme.publish()
    assert numbers(await subscription.next()) == [1]


async def test_an_end_comes_before_whatever_else_waits_and_the_first_reason_stays(acme: World) -> None:
    subscription = await at_its_end(acme)
    await acme.publish()
    subscription.end(NotFound("deleted"))
    subscription.end(StreamMoved())
    for _ in range(2):
        with pytest.raises(NotFound, match="deleted"):
            await subscription.next()


async def test_an_end_wakes_a_subscription_that_waits(acme: World) -> None:
    subscription = await at_its_end(acme)
    waiting = asyncio.ensure_future(subscription.next())
    await asyncio.sleep(0)
    assert repr(subscription) == "<Subscription 'topic' waiting, 0 behind>"
    subscription.end(StreamMoved())
    assert repr(subscription) == "<Subscription 'topic' ending, 0 behind>"
    with pytest.raises(StreamMoved):
        await waiting


async def test_its_opening_is_told_even_when_its_end_was_decided_on(acme: World) -> None:
    subscription = await acme.open()
    subscription.end(StreamMoved())
    assert await subscription.next() == HEARTBEAT
    with pytest.raises(StreamMoved):
        await subscription.next()


async def test_it_ends_when_its_token_expires(acme: World) -> None:
    bearer = await acme.router.bearers.bearer(token(expires_at=int(time.time()) + 100))
    subscription = await acme.router.subscribe(bearer, "cache", "topic", 0, 0, never)
    loop = asyncio.get_running_loop()
    start = loop.time()
    with pytest.raises(Unauthenticated, match="expired"):
        await until_its_end(subscription)
    assert 100 - BEHIND_SECONDS < loop.time() - start < 101


async def test_it_ends_with_its_key_when_that_is_replaced_while_it_is_open(acme: World) -> None:
    subscription = await at_its_end(acme)
    loop = asyncio.get_running_loop()
    start = loop.time()
    await acme.directory.put_account(account(version=2, ends={"token-1": int(time.time()) + 100}))
    with pytest.raises(Unauthenticated, match="expired"):
        await until_its_end(subscription)
    assert 100 - BEHIND_SECONDS < loop.time() - start < 101


async def test_it_goes_on_or_ends_as_its_role_changes(acme: World) -> None:
    async def change(version: int, *rules: Rule) -> None:
        await acme.directory.put_account(account(version=version, roles={"role": Grant(rules)}))

    everywhere = Rule("topic", read=True, write=False)
    office = replace(everywhere, networks=(network("10.0.0.0/8"),))
    await change(2, everywhere)
    bearer = await acme.router.bearers.bearer(token("key", role_id="role"))
    inside, outside = [
        await acme.router.subscribe(bearer, "cache", "topic", 0, 0, never, address)
        for address in ("10.0.0.1", "11.0.0.1")
    ]
    await change(3, office)
    assert not inside.is_ending
    with pytest.raises(PermissionDenied, match=r"from 11\.0\.0\.1$"):
        await until_its_end(outside)
    await change(4, replace(office, topics=Selector("name", "another")))
    with pytest.raises(PermissionDenied, match=r"of cache 'cache'$"):
        await until_its_end(inside)


async def test_a_reader_that_falls_behind_is_told_once_what_it_missed() -> None:
    bounded = await world(RouterSettings(max_pending_bytes=5_000))
    subscription = await at_its_end(bounded)
    for _ in range(100):
        await bounded.publish("x" * 1000)
    told = parsed(await subscription.next())
    assert [message.WhichOneof("kind") for message in told] == ["discontinuity"]
    assert told[0].discontinuity.last_topic_sequence == 0
    first = told[0].discontinuity.new_topic_sequence
    assert numbers(await subscription.next()) == list(range(first, 101))


async def test_only_a_subscription_that_waits_asks_whether_its_client_has_gone(acme: World) -> None:
    async def gone() -> bool:
        return True

    bearer = await acme.router.bearers.bearer(token())
    subscription = await acme.router.subscribe(bearer, "cache", "topic", 0, 0, gone)
    assert not await subscription.is_gone()
    await subscription.next()
    waiting = asyncio.ensure_future(subscription.next())
    await asyncio.sleep(0)
    assert await subscription.is_gone()
    with pytest.raises(Unavailable, match="the client has left"):
        await waiting


async def test_a_closed_subscription_has_no_timer_left(acme: World) -> None:
    subscription = await at_its_end(acme)
    waiting = asyncio.ensure_future(subscription.next())
    await asyncio.sleep(0)
    acme.router.unsubscribe(subscription)
    await asyncio.sleep(60)
    assert not waiting.done()
    waiting.cancel()


@pytest.mark.parametrize("failure", [Unavailable("gone"), DeadlineExceeded("too slow")])
async def test_a_node_that_is_lost_while_a_long_history_is_read_makes_the_client_resume(
    acme: World, failure: TidingsError
) -> None:
    for _ in range(4):
        await acme.publish("x" * 100_000)
    subscription = await acme.open(number=1)
    assert numbers(await subscription.next()) == [1, 2]

    async def fail(number: int, page: int) -> Resumed:
        raise failure

    subscription._read = fail
    with pytest.raises(StreamMoved):
        await subscription.next()


async def test_a_long_history_is_read_as_fast_as_it_is_taken_and_joins_what_is_new(acme: World) -> None:
    for _ in range(10):
        await acme.publish("x" * 100_000)
    subscription = await acme.open(number=1)
    got = numbers(await subscription.next())
    await acme.publish("new")
    while len(got) < 11:
        frames = await subscription.next()
        assert len(frames) <= READ_BYTES
        got += numbers(frames)
    assert got == list(range(1, 12))


async def test_history_that_is_lost_while_it_is_read_is_told_exactly(acme: World) -> None:
    for _ in range(6):
        await acme.publish("x" * 100_000)
    subscription = await acme.open(number=1)
    assert numbers(await subscription.next()) == [1, 2]
    history = acme.owner(acme.topic())._topics[acme.topic()].history
    for _ in range(4):
        history.drop_oldest()
    told, *items = parsed(await subscription.next())
    assert (told.discontinuity.last_topic_sequence, told.discontinuity.new_topic_sequence) == (2, 5)
    assert [message.item.topic_sequence_number for message in items] == [5, 6]
