"""Every row of the error table by a real client: CONFORMANCE A3."""

import json
import re
from collections.abc import Callable

import grpc
import pytest
from momento_wire_types import cachepubsub_pb2 as pubsub

from api.framing import frame
from tests.e2e.conformance.refusals import refused
from tests.e2e.core.frames import PUBLISH
from tests.e2e.edge.http2 import GRPC, Connection
from tests.e2e.tenant import Tenant
from tests.e2e.wire import Client, Refusal, explicit, refusal, topic_grant

MISREAD = re.compile("subscriber|operations|throughput|request limit|item size|element size", re.IGNORECASE)
"""Words by which an SDK that sees no `err` takes an error for one of the limits."""


def told(call: Callable[[], object]) -> Refusal:
    with pytest.raises(grpc.RpcError) as caught:
        call()
    return refusal(caught.value)


@pytest.mark.parametrize("call", ["publish", "subscribe", "delete", "flush"])
def test_a_cache_that_does_not_exist_is_not_found(owner: Client, call: str) -> None:
    """And neither `err` nor text make it anything else to an SDK."""
    error = told(
        {
            "publish": lambda: owner.publish("nowhere", "a", "x"),
            "subscribe": lambda: owner.subscribe("nowhere", "a"),
            "delete": lambda: owner.delete_cache("nowhere"),
            "flush": lambda: owner.flush_cache("nowhere"),
        }[call]
    )
    assert error.code.name == "NOT_FOUND"
    assert error.err not in ("item_not_found", "store_not_found")
    assert "Store with name" not in error.message
    assert "item_not_found" not in error.message
    assert "nowhere" in error.message


def test_a_cache_that_exists_already_exists(owner: Client, cache: str) -> None:
    error = told(lambda: owner.create_cache(cache))
    assert error.code.name == "ALREADY_EXISTS"
    assert "Store with name" not in error.message


@pytest.mark.parametrize("name", ["", "   ", "x" * 256, "a\nb"])
def test_a_name_that_cannot_be_is_an_invalid_argument(owner: Client, cache: str, name: str) -> None:
    for call in (
        lambda: owner.publish(cache, name, "x"),
        lambda: owner.publish(name, "a", "x"),
        lambda: owner.subscribe(cache, name),
        lambda: owner.subscribe(name, "a"),
        lambda: owner.create_cache(name),
        lambda: owner.delete_cache(name),
    ):
        assert told(call).code.name == "INVALID_ARGUMENT"


def test_names_of_255_characters_and_spaces_around_are_fine(owner: Client, cache: str) -> None:
    longest = "é" * 255
    stream = owner.subscribe(cache, longest)
    owner.publish(cache, f"  {longest} ", "x")
    assert stream.texts(1) == ["x"]


@pytest.mark.parametrize("kind", ["absent", "garbage", "bad signature", "expired", "revoked", "truncated"])
def test_a_token_that_does_not_hold_is_unauthenticated(tenant: Tenant, cache: str, kind: str) -> None:
    def revoked() -> str:
        key, key_id = tenant.new_key()
        tenant.revoke(key_id)
        return key

    token = {
        "absent": lambda: "",
        "garbage": lambda: "garbage",
        "bad signature": lambda: tenant.key[:-6] + "AAAAAA",
        "expired": lambda: expired(tenant),
        "revoked": revoked,
        "truncated": lambda: tenant.key[: len(tenant.key) // 2],
    }[kind]()
    client = tenant.client(token)
    for call in (
        lambda: client.publish(cache, "a", "x"),
        lambda: client.subscribe(cache, "a"),
        client.list_caches,
    ):
        assert told(call).code.name == "UNAUTHENTICATED"


def expired(tenant: Tenant) -> str:
    """Return a disposable token that was valid for a second, when it no longer is."""
    token = tenant.owner.disposable(tenant.key, explicit(topic_grant()), seconds=1).api_key
    cache = tenant.new_cache()
    tenant.client(token).open(cache, "a").end()
    return token


@pytest.mark.parametrize("role", ["reader", "writer", "other topic"])
def test_a_token_that_is_valid_and_does_not_allow_it_is_permission_denied(
    tenant: Tenant, cache: str, role: str
) -> None:
    grant = {
        "reader": topic_grant(cache=cache, role=2),
        "writer": topic_grant(cache=cache, role=3),
        "other topic": topic_grant(cache=cache, topic="b"),
    }[role]
    client = tenant.client(tenant.owner.disposable(tenant.key, explicit(grant)).api_key)
    calls: list[Callable[[], object]] = []
    if role != "writer":
        calls.append(lambda: client.publish(cache, "a", "x"))
    if role != "reader":
        calls.append(lambda: client.subscribe(cache, "a"))
    for call in calls:
        assert told(call).code.name == "PERMISSION_DENIED"


def test_authentication_comes_before_arguments_and_permission_before_existence(tenant: Tenant) -> None:
    nobody = tenant.client("garbage")
    assert told(lambda: nobody.publish("", "", "x")).code.name == "UNAUTHENTICATED"
    assert told(lambda: nobody.create_cache("")).code.name == "UNAUTHENTICATED"
    limited = tenant.client(tenant.owner.disposable(tenant.key, explicit(topic_grant(cache="mine"))).api_key)
    assert told(lambda: limited.publish("nowhere", " ", "x")).code.name == "INVALID_ARGUMENT"
    assert told(lambda: limited.delete_cache(" ")).code.name == "INVALID_ARGUMENT"
    assert told(lambda: limited.publish("nowhere", "a", "x")).code.name == "PERMISSION_DENIED"
    assert told(lambda: limited.subscribe("nowhere", "a")).code.name == "PERMISSION_DENIED"
    assert told(lambda: limited.delete_cache("nowhere")).code.name == "PERMISSION_DENIED"
    assert told(lambda: limited.flush_cache("nowhere")).code.name == "PERMISSION_DENIED"


def test_a_message_that_is_too_large_says_so(limited: Tenant) -> None:
    cache = limited.new_cache()
    limited.owner.publish(cache, "a", bytes(100 * 1024))
    error = told(lambda: limited.owner.publish(cache, "a", bytes(100 * 1024 + 1)))
    assert (error.code.name, error.err) == ("RESOURCE_EXHAUSTED", "request_size_limit_exceeded")


def test_too_many_publishes_say_so(limited: Tenant) -> None:
    error = until_refused(limited, b"x")
    assert (error.code.name, error.err) == ("RESOURCE_EXHAUSTED", "operations_rate_limit_exceeded")


def until_refused(tenant: Tenant, value: bytes) -> Refusal:
    cache = tenant.new_cache()
    for _ in range(2_000):
        try:
            tenant.owner.publish(cache, "a", value)
        except grpc.RpcError as error:
            return refusal(error)
    raise AssertionError("2,000 publishes were accepted one after the other")


def test_a_deadline_that_has_passed_is_deadline_exceeded(tenant: Tenant, cache: str) -> None:
    request = pubsub._PublishRequest(cache_name=cache, topic="a", value=pubsub._TopicValue(text="x"))
    with Connection(tenant.service.port) as connection:
        headers = (*GRPC, ("authorization", tenant.key), ("grpc-timeout", "0S"))
        assert connection.call(PUBLISH, frame(request.SerializeToString()), headers=headers).grpc[0] == 4


def test_no_text_is_taken_for_a_limit_or_a_cancelled_call(tenant: Tenant, owner: Client, cache: str) -> None:
    limited = tenant.client(tenant.owner.disposable(tenant.key, explicit(topic_grant(cache="mine"))).api_key)
    for call in (
        lambda: owner.publish("nowhere", "a", "x"),
        lambda: owner.publish(cache, " ", "x"),
        lambda: owner.create_cache(cache),
        lambda: limited.publish(cache, "a", "x"),
        lambda: limited.subscribe(cache, "a"),
        lambda: limited.create_cache("more"),
        lambda: tenant.client("garbage").publish(cache, "a", "x"),
        lambda: owner.raw("/no.Such/Method"),
    ):
        message = told(call).message
        assert not MISREAD.search(message)
        assert "AbortSignal" not in message
        assert "Cancelled on client" not in message
        assert "h2 protocol error" not in message


def test_a_message_is_percent_encoded(tenant: Tenant) -> None:
    """Browsers decode it as a part of a URL, where a bare % is an error."""
    request = pubsub._PublishRequest(cache_name="100% größe", topic="a", value=pubsub._TopicValue(text="x"))
    with Connection(tenant.service.port) as connection:
        headers = (*GRPC, ("authorization", tenant.key))
        answer = connection.call(PUBLISH, frame(request.SerializeToString()), headers=headers)
    assert "100%25 gr%C3%B6" in answer.headers["grpc-message"]
    with refused("NOT_FOUND") as error:
        tenant.owner.publish("100% größe", "a", "x")
    assert "'100% größe'" in error.message


def test_invalid_utf_8_is_an_invalid_argument_and_the_next_is_served(tenant: Tenant, cache: str) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        tenant.owner.raw(PUBLISH, b"\x0a\x02\xff\xfe\x12\x01a\x1a\x03\x0a\x01x", metadata=tenant.owner.metadata)
    assert refusal(caught.value).code.name == "INVALID_ARGUMENT"
    tenant.owner.publish(cache, "a", "x")


def test_errors_of_rest_have_code_and_message(tenant: Tenant) -> None:
    body = json.loads(tenant.http.get("/v1/api-keys/none").content)
    assert {"code", "message"} <= set(body)
