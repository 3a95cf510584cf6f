"""A subscription while it runs, and how it ends: CONFORMANCE A4, 49 to 55."""

import time

import grpc

from tests.e2e.conformance.refusals import refused
from tests.e2e.core.frames import SUBSCRIBE, messages, subscription
from tests.e2e.edge.http2 import GRPC, Connection
from tests.e2e.service import Service
from tests.e2e.tenant import Tenant
from tests.e2e.wire import Client, Subscription, explicit, refusal, topic_grant

ENDED = "Received RST_STREAM with code 0"


def test_heartbeats_come_within_ten_seconds_again(owner: Client, cache: str) -> None:
    """As the SDKs' tests have it; the interval is five seconds."""
    stream = owner.subscribe(cache, "quiet")
    began = time.monotonic()
    assert stream.next().HasField("heartbeat")
    assert time.monotonic() - began < 10


def test_a_subscription_outlives_the_deadline_of_its_first_message(tenant: Tenant, cache: str) -> None:
    """Rust sends grpc-timeout and bounds only the headers by it; the stream goes on, also at the edge."""
    with Connection(tenant.service.port) as connection:
        headers = (*GRPC, ("authorization", tenant.key), ("grpc-timeout", "500m"))
        stream = connection.open(SUBSCRIBE, headers=headers, end=False)
        connection.data(stream, subscription(cache, "a"))
        answer = connection.answers[stream]
        connection.wait(lambda: len(messages(answer.body)) >= 2)  # the heartbeat after five seconds
        tenant.owner.publish(cache, "a", "late")
        connection.wait(lambda: len(messages(answer.body)) >= 3)
        assert messages(answer.body)[2].item.value.text == "late"
        assert not answer.over


def test_deleting_the_cache_ends_its_subscriptions_with_not_found(tenant: Tenant, owner: Client) -> None:
    name, other = tenant.new_cache(), tenant.new_cache()
    streams = [owner.subscribe(name, topic) for topic in "abc"]
    untouched = owner.subscribe(other, "a")
    began = time.monotonic()
    owner.delete_cache(name)
    assert {stream.end().code.name for stream in streams} == {"NOT_FOUND"}
    assert time.monotonic() - began < 2
    owner.publish(other, "a", "x")
    assert untouched.texts(1) == ["x"]


def test_a_token_that_expires_ends_its_subscriptions_with_unauthenticated(tenant: Tenant, cache: str) -> None:
    granted = tenant.owner.disposable(tenant.key, explicit(topic_grant(cache=cache)), seconds=2).api_key
    ended = tenant.client(granted).subscribe(cache, "a").end()
    assert ended.code.name == "UNAUTHENTICATED"


def test_a_revoked_key_ends_its_subscriptions_with_unauthenticated(tenant: Tenant, cache: str) -> None:
    key, key_id = tenant.new_key()
    stream = tenant.client(key).subscribe(cache, "a")
    tenant.revoke(key_id)
    assert stream.end().code.name == "UNAUTHENTICATED"
    with refused("UNAUTHENTICATED"):
        tenant.client(key).publish(cache, "a", "x")


def test_a_drain_ends_subscriptions_in_words_that_bring_every_sdk_back() -> None:
    with Service("--drain-seconds", "0.5") as service, Tenant(service) as tenant:
        streams = [tenant.owner.subscribe(tenant.new_cache(), "a") for _ in range(3)]
        service.terminate()
        for stream in streams:
            ended = stream.end()
            assert (ended.code.name, ended.message) == ("INTERNAL", ENDED)


def test_a_cancelled_subscription_makes_room_within_a_second(limited: Tenant) -> None:
    """Capacity tests subscribe anew right after they left; the plan of the contract has room for 100."""
    name = limited.new_cache()
    first = [limited.owner.subscribe(name, "a") for _ in range(100)]
    over = limited.owner.open(name, "a").end()
    assert over.code.name == "RESOURCE_EXHAUSTED"
    assert over.err == "topic_subscriptions_limit_exceeded"
    assert "subscribers" in over.message
    for stream in first:
        stream.cancel()
    left_at = time.monotonic()
    for stream in [_patiently(limited.owner, name, left_at + 1) for _ in range(100)]:
        stream.cancel()


def _patiently(client: Client, cache: str, until: float) -> Subscription:
    """Subscribe, and try again until the time has come."""
    while True:
        stream = client.open(cache, "a")
        try:
            stream.next()
        except grpc.RpcError as error:
            if time.monotonic() > until or refusal(error).code.name != "RESOURCE_EXHAUSTED":
                raise
        else:
            return stream
