import asyncio
import time

import pytest
from momento_wire_types import permissionmessages_pb2 as permission

from api.account import Limits
from api.framing import frame
from api.items import HEARTBEAT
from router.pubsub import SUBSCRIBE
from router.router import RouterSettings
from tests.unit.asgi import Connection, subscribe_request
from tests.unit.credentials import account, explicit, token, topic_permission
from tests.unit.router.parts import NOTHING_LEFT, World, connection, world

MOVED = (13, "Received RST_STREAM with code 0")


async def opened(acme: World, **how: object) -> Connection:
    client = acme.subscribe(**how)  # pyright: ignore[reportArgumentType] - passed on as it is
    await client.until(lambda: bool(client.kinds))
    return client


async def ended(acme: World, client: Connection) -> Connection:
    await asyncio.gather(*acme.tasks)
    return client


async def test_the_first_message_is_a_heartbeat_and_comes_at_once(acme: World) -> None:
    client = await opened(acme)
    assert client.body == HEARTBEAT
    assert client.status is None


async def test_a_fresh_topic_has_no_discontinuity_and_numbers_from_one(acme: World) -> None:
    client = await opened(acme)
    for text in ("one", "two", "three"):
        await acme.publish(text)
    await client.until(lambda: len(client.numbers) == 3)
    assert (client.numbers, client.texts) == ([1, 2, 3], ["one", "two", "three"])
    assert "discontinuity" not in client.kinds
    assert {message.item.sequence_page for message in client.messages[1:]} != {0}


async def test_a_fresh_subscription_begins_with_the_newest_retained_item(acme: World) -> None:
    for text in ("one", "two"):
        await acme.publish(text)
    client = await opened(acme)
    assert (client.kinds, client.texts) == (["heartbeat", "item"], ["two"])


async def test_a_resumed_subscription_gets_what_it_asks_for_and_goes_on(acme: World) -> None:
    for text in ("one", "two", "three"):
        await acme.publish(text)
    client = await opened(acme, number=2)
    await acme.publish("four")
    await client.until(lambda: client.texts == ["two", "three", "four"])
    assert client.kinds[0] == "heartbeat"


async def test_a_resume_point_of_another_page_comes_with_a_discontinuity(acme: World) -> None:
    await acme.publish("one")
    client = await opened(acme, number=300, page=5435435)
    assert client.kinds == ["heartbeat", "discontinuity", "item"]
    told = client.messages[1].discontinuity
    assert (told.last_topic_sequence, told.new_topic_sequence) == (299, 1)
    assert told.new_sequence_page == client.messages[2].item.sequence_page


async def test_heartbeats_come_whenever_the_stream_is_silent(acme: World) -> None:
    client = await opened(acme)
    await asyncio.sleep(15.1)
    assert client.kinds == ["heartbeat"] * 4


async def test_the_streams_deadline_is_not_its_life(acme: World) -> None:
    client = acme.subscribe("topic", 0, 0, "cache", None, (b"grpc-timeout", b"1S"))
    await asyncio.sleep(30)
    assert client.status is None
    assert len(client.kinds) > 5


@pytest.mark.parametrize(
    ("request_of", "status"),
    [
        ({"credential": ""}, 16),
        ({"credential": "garbage"}, 16),
        ({"cache": ""}, 3),
        ({"topic": " "}, 3),
        ({"cache": "missing"}, 5),
        ({"credential": token(permissions=explicit(topic_permission(permission.TopicWriteOnly)))}, 7),
    ],
)
async def test_a_refusal_is_trailers_only_and_comes_before_any_heartbeat(
    acme: World, request_of: dict[str, str], status: int
) -> None:
    client = await ended(acme, acme.subscribe(**request_of))  # pyright: ignore[reportArgumentType] - strings only
    assert (client.status, client.body, client.is_trailers_only) == (status, b"", True)
    assert acme.leftovers == NOTHING_LEFT


@pytest.mark.parametrize("body", [b"", frame(b"\xff"), frame(b"\x0a\x01\xff"), frame(b"x" * 5000)])
async def test_a_body_that_is_no_request_is_refused(acme: World, body: bytes) -> None:
    client = await connection(SUBSCRIBE, body).through(acme.pubsub.subscribe)
    assert client.status == (8 if len(body) > 4096 else 3)
    assert client.is_trailers_only


async def test_over_the_limit_of_subscriptions_the_refusal_says_subscribers() -> None:
    small = await world(None, account(limits=Limits(subscriptions=1)))
    await opened(small)
    client = small.subscribe()
    await client.answered()
    assert (client.status, client.headers[b"err"]) == (8, b"topic_subscriptions_limit_exceeded")
    assert "subscribers" in client.message
    assert client.is_trailers_only


async def test_a_client_that_left_silently_makes_room_for_the_next() -> None:
    small = await world(None, account(limits=Limits(subscriptions=1)))
    first = await opened(small)
    first.leave()
    second = await opened(small)
    assert second.kinds == ["heartbeat"]
    assert small.leftovers["counted"] == 1


async def test_a_client_that_left_is_let_go_within_one_heartbeat(acme: World) -> None:
    client = await opened(acme)
    client.leave()
    await asyncio.sleep(5.1)
    assert acme.leftovers == NOTHING_LEFT


async def test_the_deletion_of_the_cache_ends_its_subscriptions_with_not_found(acme: World) -> None:
    client = await opened(acme)
    await acme.directory.put_account(account(version=2, caches=()))
    await ended(acme, client)
    assert (client.status, client.message) == (5, "cache 'cache' does not exist")
    assert acme.leftovers == NOTHING_LEFT


async def test_a_cache_that_is_deleted_and_made_again_ends_the_subscriptions_of_the_old_one(acme: World) -> None:
    client = await opened(acme)
    snapshot = account(version=2)
    again = {"cache": type(snapshot.caches["cache"])("acme-cache-2", "cache")}
    await acme.directory.put_account(type(snapshot)("acme", 2, caches=again))
    assert (await ended(acme, client)).status == 5


async def test_other_caches_of_the_account_are_left_alone() -> None:
    two = await world(None, account(caches=("cache", "other")))
    client = await opened(two, cache="other")
    await two.directory.put_account(account(version=2, caches=("other",)))
    await two.publish("still here", cache="other")
    await client.until(lambda: client.texts == ["still here"])


async def test_revoking_the_token_ends_its_subscriptions_with_unauthenticated(acme: World) -> None:
    client = await opened(acme)
    await acme.directory.put_account(account(version=2, revoked=frozenset({"token-1"})))
    assert (await ended(acme, client)).status == 16


async def test_a_subscription_ends_when_its_token_expires(acme: World) -> None:
    client = await opened(acme, credential=token(expires_at=int(time.time()) + 300))
    await asyncio.sleep(240)  # of the loop's, which leaps; the token's end is told by the machine's clock
    assert client.status is None
    await asyncio.sleep(61)
    assert (client.status, client.message) == (16, "the token has expired")


async def test_a_drain_ends_streams_in_the_way_that_every_sdk_resumes_from(acme: World) -> None:
    client = await opened(acme)
    acme.router.drain()
    acme.router.end_some(1)
    await ended(acme, client)
    assert (client.status, client.message) == MOVED
    late = await ended(acme, acme.subscribe())
    assert (late.status, late.message, late.is_trailers_only) == (*MOVED, True)


async def test_a_browsers_stream_is_renewed_before_it_fills_its_memory() -> None:
    web = await world(RouterSettings(web_stream_bytes=10_000))
    client = web.subscribe("topic", 0, 0, "cache", None, (b"x-grpc-web", b"1"))
    other = await opened(web)
    for _ in range(12):
        await web.publish("x" * 1000)
        await asyncio.sleep(0.01)
    await client.answered()
    assert (client.status, client.message) == MOVED
    assert other.status is None


async def test_a_stalled_reader_delays_nobody_and_is_told_exactly_what_it_missed() -> None:
    bounded = await world(RouterSettings(max_pending_bytes=20_000))
    stalled, other = await opened(bounded), await opened(bounded)
    stalled.stall()
    for number in range(1, 101):
        await bounded.publish("x" * 1000)
        await other.until(lambda number=number: other.numbers[-1:] == [number])
    assert bounded.router.feeds._feeds[bounded.topic()].log.held_bytes <= 20_000
    stalled.read_on()
    await stalled.until(lambda: stalled.numbers[-1:] == [100])
    kinds = stalled.kinds
    gap = stalled.messages[kinds.index("discontinuity")].discontinuity
    assert kinds.count("discontinuity") == 1
    expected = [*range(1, gap.last_topic_sequence + 1), *range(gap.new_topic_sequence, 101)]
    assert stalled.numbers == expected
    assert other.numbers == list(range(1, 101))


async def test_who_is_refused_again_and_again_is_answered_slowly(acme: World) -> None:
    loop = asyncio.get_running_loop()
    took: list[float] = []
    for _ in range(4):
        before = loop.time()
        await ended(acme, acme.subscribe(cache="missing"))
        took.append(round(loop.time() - before, 2))
    assert took == [0, 0, 0.75, 0.75]


async def test_a_feed_knows_how_many_come_without_a_proxy(acme: World) -> None:
    """Which the edge tells of each call, and which makes its rests shorter."""
    clients = [connection(SUBSCRIBE, subscribe_request("cache", "topic")) for _ in range(3)]
    for client in clients[:2]:
        client.scope = {**client.scope, "extensions": {"http.response.trailers": {}, "tidings.direct": {}}}
    tasks = [acme.serve(client, acme.pubsub.subscribe) for client in clients]
    for client in clients:
        await client.until(lambda client=client: client.kinds == ["heartbeat"])
    feed = acme.router.feeds._feeds[acme.topic()]
    assert (feed.subscribers, feed.direct_subscribers) == (3, 2)
    for client, task, left in zip(clients, tasks, (1, 0, 0), strict=True):
        client.leave()
        await acme.publish()
        await task
        assert feed.direct_subscribers == left


async def test_a_subscription_ends_when_its_server_tells_that_the_client_left(acme: World) -> None:
    """And not with its next heartbeat: until then it would have a place on the connection, and cost."""
    client = connection(SUBSCRIBE, subscribe_request("cache", "topic"))
    client.scope = {**client.scope, "extensions": {"tidings.left": {}}}
    task = acme.serve(client, acme.pubsub.subscribe)
    await client.until(lambda: client.kinds == ["heartbeat"])
    (left,) = [event["call"] for event in client.sent if event["type"] == "tidings.left"]
    before = asyncio.get_running_loop().time()
    client.has_left = True
    left()
    await asyncio.wait([task])
    assert asyncio.get_running_loop().time() == before
    assert not acme.router.subscriptions


async def test_who_left_is_not_told_to_have_been_ended(acme: World) -> None:
    """Also where a heartbeat that was not taken tells of it a second time."""
    subscription = await acme.open()
    subscription.left()
    subscription.left()
    assert (subscription.is_ending, subscription.ending) == (True, None)
