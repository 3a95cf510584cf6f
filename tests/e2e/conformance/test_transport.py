"""What goes on below the messages: CONFORMANCE A2."""

import json
import time

import grpc
import pytest
from momento_wire_types import cachepubsub_pb2 as pubsub
from momento_wire_types import controlclient_pb2 as control

from api.framing import frame
from tests.e2e.conformance.refusals import refused
from tests.e2e.core.frames import PUBLISH, SUBSCRIBE, messages, subscription
from tests.e2e.edge.http2 import GRPC, Connection
from tests.e2e.tenant import Tenant
from tests.e2e.wire import Client

MANY_STREAMS = 1_500


def authorised(token: str) -> tuple[tuple[str, str], ...]:
    return (*GRPC, ("authorization", token))


def publish_request(cache: str, text: str) -> bytes:
    request = pubsub._PublishRequest(cache_name=cache, topic="a", value=pubsub._TopicValue(text=text))
    return frame(request.SerializeToString())


@pytest.mark.parametrize("calls", [False, True], ids=["without calls", "with a subscription"])
def test_pings_as_frequent_as_sdks_send_them_are_answered(tenant: Tenant, cache: str, calls: bool) -> None:
    """Each within a second, and none with GOAWAY."""
    with Connection(tenant.service.port) as connection:
        if calls:
            stream = connection.open(SUBSCRIBE, headers=authorised(tenant.key), end=False)
            connection.data(stream, subscription(cache, "a"))
        for number in range(1, 31):
            connection.h2.ping(number.to_bytes(8, "big"))
            connection.flush()
            connection.wait(lambda number=number: connection.pings >= number, seconds=1)
        assert not connection.goaways


def test_one_connection_holds_more_than_a_thousand_streams_and_a_publish(tenant: Tenant, cache: str) -> None:
    """Python's channels share one connection, and 1000 subscriptions must leave room for the rest."""
    with Connection(tenant.service.port) as connection:
        streams: list[int] = []
        for _ in range(MANY_STREAMS):
            stream = connection.open(SUBSCRIBE, headers=authorised(tenant.key), end=False)
            connection.data(stream, subscription(cache, "a"))
            streams.append(stream)
            if len(streams) % 100 == 0:
                connection.wait(lambda: all(connection.answers[each].body for each in streams), seconds=20)
        call = connection.call(PUBLISH, publish_request(cache, text="x"), headers=authorised(tenant.key))
        assert call.grpc[0] == 0
        connection.wait(lambda: all(len(messages(connection.answers[s].body)) > 1 for s in streams), seconds=30)


def test_a_burst_of_subscriptions_on_twenty_connections_gets_all_first_heartbeats(tenant: Tenant, cache: str) -> None:
    clients = [tenant.client(tenant.key) for _ in range(20)]
    opened = [client.open(cache, "burst") for _ in range(100) for client in clients]
    for each in opened:
        assert each.next().HasField("heartbeat")
    for each in opened:
        each.cancel()
    for client in clients:
        client.close()


def test_the_largest_message_reaches_a_client_that_takes_4_mib(tenant: Tenant, cache: str) -> None:
    options = [("grpc.max_receive_message_length", 4 * 1024 * 1024)]
    with grpc.insecure_channel(f"127.0.0.1:{tenant.service.port}", options=options) as channel:
        client = tenant.client(tenant.key)
        stream = channel.unary_stream(
            SUBSCRIBE, pubsub._SubscriptionRequest.SerializeToString, pubsub._SubscriptionItem.FromString
        )(
            pubsub._SubscriptionRequest(cache_name=cache, topic="a"),
            metadata=client.metadata,
        )
        assert next(stream).HasField("heartbeat")
        value = bytes(4 * 1024 * 1024 - 1024)
        client.publish(cache, "a", value)
        while not (message := next(stream)).HasField("item"):
            pass
        assert message.item.value.binary == value
        stream.cancel()


@pytest.mark.parametrize("method", ["Publish", "Subscribe", "control", "unknown"])
def test_an_immediate_error_is_trailers_only(tenant: Tenant, method: str) -> None:
    """The status is in the first frame of headers, and this frame ends the stream; Rust fails otherwise."""
    requests = {
        "Publish": (PUBLISH, publish_request("no-such-cache", text="x"), 5),
        "Subscribe": (SUBSCRIBE, subscription("no-such-cache", "a"), 5),
        "control": (
            "/control_client.ScsControl/DeleteCache",
            frame(control._DeleteCacheRequest(cache_name="no-such-cache").SerializeToString()),
            5,
        ),
        "unknown": ("/cache_client.pubsub.Pubsub/Nothing", frame(b""), 12),
    }
    path, body, code = requests[method]
    with Connection(tenant.service.port) as connection:
        answer = connection.call(path, body, headers=authorised(tenant.key))
    assert answer.status == 200
    assert answer.headers["grpc-status"] == str(code)
    assert not answer.trailers
    assert not answer.body


def test_headers_and_first_message_come_at_once(tenant: Tenant, cache: str) -> None:
    """Not with the next message: SDKs wait five seconds for them, and nothing else is sent here."""
    with Connection(tenant.service.port) as connection:
        began = time.monotonic()
        stream = connection.open(SUBSCRIBE, headers=authorised(tenant.key), end=False)
        connection.data(stream, subscription(cache, "quiet"))
        connection.wait(lambda: bool(messages(connection.answers[stream].body)), seconds=4)
        assert time.monotonic() - began < 4


@pytest.mark.parametrize("path", ["/cache_client.Scs/Get", "/cache_client.pubsub.Pubsub/Nothing", "/no.Such/Method"])
def test_what_is_not_offered_is_unimplemented(owner: Client, path: str) -> None:
    with refused("UNIMPLEMENTED"):
        owner.raw(path, metadata=owner.metadata)


def test_a_signing_key_is_listed_until_it_is_revoked(owner: Client) -> None:
    made = owner.control("CreateSigningKey", control._CreateSigningKeyRequest(ttl_minutes=30))
    kid = json.loads(made.key)["kid"]
    listed = owner.control("ListSigningKeys", control._ListSigningKeysRequest())
    assert kid in [key.key_id for key in listed.signing_key]
    owner.control("RevokeSigningKey", control._RevokeSigningKeyRequest(key_id=kid))
    listed = owner.control("ListSigningKeys", control._ListSigningKeysRequest())
    assert kid not in [key.key_id for key in listed.signing_key]


def test_a_compressed_request_is_accepted(owner: Client, cache: str) -> None:
    stream = owner.subscribe(cache, "a", compression=grpc.Compression.Gzip)
    owner.publish(cache, "a", "long " * 1_000, compression=grpc.Compression.Gzip)
    assert stream.item().value.text == "long " * 1_000


def test_a_malformed_message_is_refused_and_the_next_is_served(tenant: Tenant, cache: str) -> None:
    with Connection(tenant.service.port) as connection:
        bad = connection.call(PUBLISH, frame(b"\xff\xff\xff"), headers=authorised(tenant.key))
        assert bad.grpc[0] == 3
        good = connection.call(PUBLISH, publish_request(cache, text="x"), headers=authorised(tenant.key))
        assert good.grpc[0] == 0
