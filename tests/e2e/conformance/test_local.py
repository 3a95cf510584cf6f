"""The test controls of a local service: CONFORMANCE B."""

import time
import uuid
from collections.abc import Iterator
from itertools import pairwise

import grpc
import httpx
import pytest

from tests.e2e.conformance.refusals import refused
from tests.e2e.service import Service
from tests.e2e.tenant import Tenant
from tests.e2e.wire import Client

WORDS = {
    "invalid-argument": "INVALID_ARGUMENT",
    "unknown": "UNKNOWN",
    "already-exists": "ALREADY_EXISTS",
    "not-found": "NOT_FOUND",
    "internal": "INTERNAL",
    "permission-denied": "PERMISSION_DENIED",
    "unauthenticated": "UNAUTHENTICATED",
    "cancelled": "CANCELLED",
    "resource-exhausted": "RESOURCE_EXHAUSTED",
    "deadline-exceeded": "DEADLINE_EXCEEDED",
    "unavailable": "UNAVAILABLE",
    "failed-precondition": "FAILED_PRECONDITION",
    "connection-error": "UNAVAILABLE",
    "NOT_FOUND_ERROR": "NOT_FOUND",
    "SERVER_UNAVAILABLE": "UNAVAILABLE",
}


class Controlled:
    """Makes clients of a local service that send controls."""

    def __init__(self, service: Service, cache: str) -> None:
        self.service = service
        self.cache = cache
        self.plain = Client(service.port, "")

    def client(self, **controls: str) -> Client:
        return Client(self.service.port, "", **{"request_id": str(uuid.uuid4()), **controls})


@pytest.fixture(scope="module")
def local(local_service: Service) -> Iterator[Controlled]:
    made = Controlled(local_service, f"cache-{uuid.uuid4()}")
    made.plain.create_cache(made.cache)
    yield made
    made.plain.close()


@pytest.mark.parametrize("word", WORDS)
def test_every_word_is_an_error_of_its_own(local: Controlled, word: str) -> None:
    client = local.client(return_error=word, error_rpcs="topic-publish topic-subscribe")
    with refused(WORDS[word]):
        client.publish(local.cache, "a", "x")
    with refused(WORDS[word]):
        client.subscribe(local.cache, "a")


def test_a_control_applies_to_the_calls_it_names_and_so_many_of_them(local: Controlled) -> None:
    client = local.client(return_error="unavailable", error_rpcs="topic-publish get", error_count="2")
    client.subscribe(local.cache, "a").cancel()
    for _ in range(2):
        with refused("UNAVAILABLE"):
            client.publish(local.cache, "a", "x")
    client.publish(local.cache, "a", "x")


@pytest.mark.parametrize(
    "controls",
    [
        {"request_id": "", "return_error": "unavailable", "error_rpcs": "topic-publish"},
        {"return_error": "", "error_rpcs": "topic-publish"},
        {"return_error": "unavailable", "error_rpcs": ""},
    ],
    ids=["no request id", "no error", "no call"],
)
def test_an_empty_control_is_off(local: Controlled, controls: dict[str, str]) -> None:
    local.client(**controls).publish(local.cache, "a", "x")


def test_a_delay_delays_and_then_comes_the_error(local: Controlled) -> None:
    client = local.client(delay_rpcs="topic-publish topic-subscribe", delay_ms="300", delay_count="2")
    began = time.monotonic()
    client.publish(local.cache, "a", "x")
    assert time.monotonic() - began >= 0.3
    began = time.monotonic()
    client.subscribe(local.cache, "a").cancel()
    assert time.monotonic() - began >= 0.3
    both = {"return_error": "unavailable", "error_rpcs": "topic-publish"}
    late = local.client(delay_rpcs="topic-publish", delay_ms="300", **both)
    began = time.monotonic()
    with refused("UNAVAILABLE"):
        late.publish(local.cache, "a", "x")
    assert time.monotonic() - began >= 0.3


def test_a_delay_beyond_the_clients_timeout_is_the_clients_to_end(local: Controlled) -> None:
    client = local.client(delay_rpcs="topic-publish topic-subscribe", delay_ms="2000")
    with refused("DEADLINE_EXCEEDED"):
        client.publish(local.cache, "a", "x", timeout=0.3)
    with refused("DEADLINE_EXCEEDED"):
        client.subscribe(local.cache, "a", timeout=0.3)
    local.plain.publish(local.cache, "a", "x")


def test_a_stream_fails_in_place_of_the_message_after_the_limit_and_each_stream_counts_anew(local: Controlled) -> None:
    controls = {"stream_error_rpcs": "topic-subscribe", "stream_error": "unavailable"}
    client = local.client(**controls, stream_error_message_limit="2")
    for _ in range(2):
        stream = client.subscribe(local.cache, "limited")
        assert stream.next().HasField("heartbeat")
        with refused("UNAVAILABLE"):
            stream.next()


def test_replayed_items_do_not_count(local: Controlled) -> None:
    for text in "123456":
        local.plain.publish(local.cache, "replayed", text)
    controls = {"stream_error_rpcs": "topic-subscribe", "stream_error": "not-found"}
    stream = local.client(**controls, stream_error_message_limit="3").subscribe(local.cache, "replayed", 1)
    assert stream.texts(6) == list("123456")
    assert stream.next().HasField("heartbeat")
    assert stream.next().HasField("heartbeat")
    with refused("NOT_FOUND"):
        stream.next()


def test_heartbeats_are_a_little_less_than_a_second_apart(local: Controlled) -> None:
    """Suites want the fourth before 3.0 s, and two to be more than 0.84 s apart."""
    stream = local.plain.subscribe(local.cache, "quiet")
    times = [time.monotonic()]
    for _ in range(3):
        assert stream.next().HasField("heartbeat")
        times.append(time.monotonic())
    stream.cancel()
    assert times[-1] - times[0] < 3.0
    assert all(later - earlier > 0.84 for earlier, later in pairwise(times))


def test_a_block_of_the_port_loses_nothing(local: Controlled) -> None:
    """It freezes: a publish before it and one after it are answered, and the stream goes on."""
    stream = local.plain.subscribe(local.cache, "blocked")
    local.plain.publish(local.cache, "blocked", "before")
    admin = local.service.admin_url
    assert httpx.get(f"{admin}/block").status_code == 200
    with pytest.raises(grpc.RpcError):
        Client(local.service.port, "").publish(local.cache, "blocked", "lost", timeout=0.5)
    assert httpx.get(f"{admin}/unblock").status_code == 200
    local.plain.publish(local.cache, "blocked", "after")
    texts = stream.texts(2)
    while texts[-1] != "after":
        texts += stream.texts(1)
    assert texts[0] == "before"


def test_production_ignores_all_controls(tenant: Tenant, cache: str) -> None:
    controls = {"request_id": str(uuid.uuid4()), "return_error": "unavailable", "error_rpcs": "topic-publish"}
    tenant.client(tenant.key, **controls).publish(cache, "a", "x")
