import asyncio
import gzip
import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from momento_wire_types import cachepubsub_pb2 as wire
from momento_wire_types import permissionmessages_pb2 as permission

from api.account import LARGEST_MESSAGE_BYTES, AccountSnapshot, Limits
from api.framing import EMPTY, frame
from api.items import value_size
from backplane.memory import MemoryDirectory
from cli.direct_link import DirectLink
from router.pubsub import PING, PUBLISH
from tests.unit.asgi import GRPC, Connection, publish_request
from tests.unit.credentials import account, explicit, token, topic_permission
from tests.unit.router.parts import World, connection, world


@pytest.fixture(autouse=True, scope="module", params=["called", "asked first", "promised"])
def asks_first(request: pytest.FixtureRequest) -> Iterator[None]:
    """Each promise holds whether or not the edge asks for an answer first, and whether that is there at once."""
    World.asks_first, World.answered_first = request.param != "called", 0
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "promised":
            patch.setattr(DirectLink, "local", None)
        yield
    World.asks_first = False


async def send(acme: World, body: bytes, credential: str | None = None, *extra: tuple[bytes, bytes]) -> Connection:
    return await connection(PUBLISH, body, credential, *extra).through(acme.serve_publish)


def request(value: wire._TopicValue) -> bytes:
    return frame(wire._PublishRequest(cache_name="cache", topic="topic", value=value).SerializeToString())


async def test_a_publish_is_answered_with_an_empty_message_and_ok(acme: World) -> None:
    client = await acme.publish()
    assert (client.status, client.body, client.message) == (0, EMPTY, "")


async def test_who_is_asked_first_answers(acme: World) -> None:
    """Or the other tests would all see the same way."""
    await acme.publish()
    assert bool(World.answered_first) == World.asks_first


async def test_a_topic_needs_no_subscriber_and_no_creation(acme: World) -> None:
    await acme.publish(topic="never used before")
    assert acme.owner(acme.topic("never used before")).publish(acme.topic("never used before"), b"", b"").number == 2


@pytest.mark.parametrize(
    "value",
    [
        wire._TopicValue(text=""),
        wire._TopicValue(text="é"),
        wire._TopicValue(binary=b""),
        wire._TopicValue(binary=b"\xff\0"),
    ],
    ids=repr,
)
async def test_text_stays_text_and_bytes_stay_bytes(acme: World, value: wire._TopicValue) -> None:
    reader = acme.subscribe()
    await reader.until(lambda: reader.kinds == ["heartbeat"])
    await send(acme, request(value))
    await reader.until(lambda: reader.numbers == [1])
    assert reader.messages[1].item.value == value


async def test_an_item_carries_the_id_that_was_given_to_its_publishers_token(acme: World) -> None:
    reader = acme.subscribe()
    await reader.until(lambda: reader.kinds == ["heartbeat"])
    await acme.publish(credential=token("disposable", expires_at=int(time.time()) + 60, publisher_id="ada"))
    await acme.publish()
    await reader.until(lambda: len(reader.numbers) == 2)
    assert [message.item.publisher_id for message in reader.messages[1:]] == ["ada", ""]


@pytest.mark.parametrize("value", [{}, {"value": wire._TopicValue()}])
async def test_a_request_without_a_value_is_invalid(acme: World, value: dict[str, wire._TopicValue]) -> None:
    body = wire._PublishRequest(cache_name="cache", topic="topic", **value).SerializeToString()
    client = await send(acme, frame(body))
    assert (client.status, client.message) == (3, "the request holds no value; send a text or bytes")


@pytest.mark.parametrize("name", ["", " ", "\0", "a\0b", "a\nb", "x" * 256])
async def test_a_name_that_cannot_be_one_is_invalid(acme: World, name: str) -> None:
    assert (await acme.publish(cache=name)).status == 3
    assert (await acme.publish(topic=name)).status == 3


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\0",
        b"\0\0\0\0\x05abc",
        frame(b"\x0a\xff"),
        frame(b"\x0a\x01\xff"),
        b"\x07\0\0\0\0",
        publish_request() * 2,
    ],
)
async def test_a_body_that_is_no_request_is_invalid(acme: World, body: bytes) -> None:
    client = await send(acme, body)
    assert client.status == 3
    assert client.is_trailers_only


@given(st.binary(max_size=200))
def test_no_body_at_all_is_an_internal_error(body: bytes) -> None:
    async def attempt() -> None:
        assert (await send(await world(), body)).status in {0, 3, 5, 8, 12}

    asyncio.run(attempt())


async def test_a_gzipped_request_is_accepted(acme: World) -> None:
    packed = gzip.compress(publish_request()[5:])
    body = b"\1" + len(packed).to_bytes(4, "big") + packed
    assert (await send(acme, body, None, (b"grpc-encoding", b"gzip"))).status == 0
    assert (await send(acme, body, None, (b"grpc-encoding", b"br"))).status == 12


async def test_checks_go_from_who_to_what_to_whether_they_may_to_whether_it_is_there(
    acme: World,
) -> None:
    nothing = explicit(topic_permission(permission.TopicReadOnly))
    reader = token(permissions=nothing)
    assert (await send(acme, b"garbage", "not a token")).status == 16
    assert (await acme.publish(cache="", credential=reader)).status == 3
    assert (await acme.publish(cache="missing", credential=reader)).status == 7
    assert (await acme.publish(cache="missing")).status == 5


async def test_errors_name_the_thing(acme: World) -> None:
    client = await acme.publish(cache="missing")
    assert client.message == "cache 'missing' does not exist"
    assert b"err" not in client.headers


async def test_two_tokens_in_one_request_are_refused_whichever_is_right(acme: World) -> None:
    for other in (b"nonsense", token().encode()):
        client = await send(acme, publish_request(), None, (b"authorization", other))
        assert (client.status, client.message) == (16, "the request carries more than one token")


async def test_another_accounts_caches_are_not_found() -> None:
    both = await world(None, account("acme", caches=("secret",)), account("bolt", caches=()))
    client = await both.publish(cache="secret", credential=token(account="bolt"))
    assert (client.status, client.message) == (5, "cache 'secret' does not exist")


async def test_a_value_may_be_as_large_as_the_limit_and_no_larger() -> None:
    small = await world(None, account(limits=Limits(message_bytes=1000)))
    assert (await small.publish("x" * 1000)).status == 0
    client = await small.publish("x" * 1001)
    assert (client.status, client.headers[b"err"]) == (8, b"request_size_limit_exceeded")


async def test_a_value_of_the_largest_size_reaches_a_subscriber_within_four_mebibytes(acme: World) -> None:
    reader = acme.subscribe()
    await acme.publish("x" * LARGEST_MESSAGE_BYTES, credential=token(publisher_id="p" * 64))
    await reader.until(lambda: reader.numbers == [1])
    assert len(reader.body) < 4 * 1024 * 1024
    assert (await acme.publish("x" * (LARGEST_MESSAGE_BYTES + 1))).headers[b"err"] == b"request_size_limit_exceeded"


async def test_a_message_that_claims_to_be_too_long_is_refused_before_it_is_read(acme: World) -> None:
    pieces = [b"\0\x7f\xff\xff\xff", *[b"x" * 1000] * 100]
    client = Connection(PUBLISH, pieces, [GRPC, (b"authorization", token().encode())])
    await client.through(acme.serve_publish)
    assert client.headers[b"err"] == b"request_size_limit_exceeded"
    assert len(client._pieces) > 90


async def test_over_the_rate_a_publish_is_refused_with_the_words_for_it() -> None:
    slow = await world(None, account(limits=Limits(publishes_per_second=2)))
    answers = [await slow.publish() for _ in range(3)]
    assert [client.status for client in answers] == [0, 0, 8]
    assert answers[2].headers[b"err"] == b"operations_rate_limit_exceeded"


async def test_over_the_throughput_a_publish_is_refused_with_the_words_for_it() -> None:
    slow = await world(None, account(limits=Limits(publish_bytes_per_second=1000)))
    answers = [await slow.publish("x" * 600) for _ in range(2)]
    assert [client.status for client in answers] == [0, 8]
    assert answers[1].headers[b"err"] == b"throughput_rate_limit_exceeded"


@pytest.mark.parametrize(("timeout", "status"), [(b"5S", 0), (b"0S", 4), (b"soon", 3), (b"123456789S", 3), (b"-1S", 3)])
async def test_the_clients_deadline_is_read(acme: World, timeout: bytes, status: int) -> None:
    assert (await send(acme, publish_request(), None, (b"grpc-timeout", timeout))).status == status


async def test_without_a_storage_node_a_publish_is_unavailable() -> None:
    assert (await (await world(nodes=0)).publish()).status == 14


async def test_a_client_that_leaves_in_the_middle_of_its_request_is_answered_nothing(acme: World) -> None:
    client = connection(PUBLISH, b"\0\0")
    client.leave()
    await client.through(acme.serve_publish)
    assert client.sent == []


async def test_a_request_that_is_not_grpc_is_told_so(acme: World) -> None:
    client = Connection(PUBLISH, [b"{}"], [(b"content-type", b"application/json")])
    await client.through(acme.serve_publish)
    assert (client.http_status, client.status) == (415, 12)


async def test_a_ping_needs_no_token(acme: World) -> None:
    client = await Connection(PING, [EMPTY]).through(acme.pubsub.ping)
    assert (client.status, client.body) == (0, EMPTY)
    assert (await Connection(PING, [b"\0"]).through(acme.pubsub.ping)).status == 3


@given(st.one_of(st.text(), st.binary()))
def test_the_size_of_a_value_is_the_size_of_its_text_or_bytes(value: str | bytes) -> None:
    message = wire._TopicValue(text=value) if isinstance(value, str) else wire._TopicValue(binary=value)
    assert value_size(message.SerializeToString()) == len(value.encode() if isinstance(value, str) else value)


@pytest.mark.parametrize("size", [127, 128, 16_383, 16_384, (1 << 21) - 1, 1 << 21, LARGEST_MESSAGE_BYTES])
def test_the_size_of_a_value_is_right_at_each_step_of_its_length(size: int) -> None:
    assert value_size(wire._TopicValue(binary=b"x" * size).SerializeToString()) == size


class Behind(MemoryDirectory):
    """A directory that learns of a change late, unless it is asked."""

    def __init__(self) -> None:
        super().__init__()
        self.on_its_way: list[AccountSnapshot] = []

    async def renew(self, account_id: str) -> None:
        for snapshot in self.on_its_way:
            await self.put_account(snapshot)


async def test_a_cache_can_be_used_as_soon_as_it_was_made() -> None:
    directory = Behind()
    acme = await world(directory=directory)
    directory.on_its_way.append(account(version=2, caches=("cache", "new")))
    assert (await acme.publish(cache="new")).status == 0
    assert (await acme.publish(cache="none")).status == 5
    acme.router.close()


async def test_a_subscription_too_finds_a_cache_that_was_made_a_moment_ago() -> None:
    directory = Behind()
    acme = await world(directory=directory)
    directory.on_its_way.append(account(version=2, caches=("cache", "new")))
    reader = acme.subscribe(cache="new")
    await reader.until(lambda: reader.kinds == ["heartbeat"])
    acme.router.close()
