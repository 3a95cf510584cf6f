"""Messages that lie about themselves and names of every kind, through the edge to the product."""

import gzip
import json
import uuid
from collections.abc import Iterator

import httpx
import psutil
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from momento_wire_types import cachepubsub_pb2 as pubsub

from tests.e2e.edge.http2 import GRPC, Connection
from tests.e2e.edge.test_whole_service import ANONYMOUS, PUBLISH, SUBSCRIBE, create_cache, framed
from tests.e2e.service import Service, until

MIB = 1024 * 1024
INVALID_ARGUMENT, RESOURCE_EXHAUSTED, UNIMPLEMENTED, INTERNAL = 3, 8, 12, 13


@pytest.fixture(scope="module")
def whole() -> Iterator[Service]:
    """The product, with a cache."""
    with Service(local=True) as running:
        create_cache(running)
        yield running


def message(topic: str, text: str = "value") -> bytes:
    request = pubsub._PublishRequest(cache_name="edge", topic=topic, value=pubsub._TopicValue(text=text))
    return request.SerializeToString()


LIES = {
    "a longer message than announced": framed(message("t")) + b"more",
    "a shorter message than announced": b"\0\0\0\0\xff" + message("t"),
    "four gigabytes announced": b"\0\xff\xff\xff\xff" + message("t"),
    "no frame": b"",
    "half a frame head": b"\0\0\0",
    "an unknown flag": b"\7\0\0\0\0",
    "two messages": framed(message("t")) * 2,
    "no protobuf": framed(b"\xff" * 50),
    "text that is no UTF-8": framed(message("tttt").replace(b"tttt", b"\xff\xfe\xfd\xfc")),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_message_that_lies_is_refused_and_the_connection_goes_on(whole: Service, lie: str) -> None:
    with Connection(whole.port) as connection:
        answer = connection.call(PUBLISH, LIES[lie], headers=ANONYMOUS)
        assert answer.grpc[0] in (INVALID_ARGUMENT, RESOURCE_EXHAUSTED, UNIMPLEMENTED, INTERNAL)
        assert connection.call(PUBLISH, framed(message("t")), headers=ANONYMOUS).grpc[0] == 0


def test_a_message_over_the_limit_is_refused_in_words_that_sdks_read(whole: Service) -> None:
    with Connection(whole.port) as connection:
        for size in (4 * MIB, 5 * MIB, 6 * MIB):
            answer = connection.call(PUBLISH, framed(message("t", "x" * size)), headers=ANONYMOUS, seconds=20)
            assert answer.grpc[0] == RESOURCE_EXHAUSTED
            assert {**answer.headers, **answer.trailers}["err"] == "request_size_limit_exceeded"


def test_a_compressed_message_is_taken_and_a_bomb_is_not(whole: Service) -> None:
    compressed = (*ANONYMOUS, ("grpc-encoding", "gzip"))
    with Connection(whole.port) as connection:
        small = gzip.compress(message("t"))
        answer = connection.call(PUBLISH, b"\1" + framed(small)[1:], headers=compressed)
        assert answer.grpc[0] == 0
        bomb = gzip.compress(message("t", "x" * (128 * MIB)))
        before = psutil.Process(whole.envoy_pid).memory_info().rss
        answer = connection.call(PUBLISH, b"\1" + framed(bomb)[1:], headers=compressed)
        assert answer.grpc[0] == RESOURCE_EXHAUSTED
        assert psutil.Process(whole.envoy_pid).memory_info().rss - before < 20 * MIB


def test_an_unknown_compression_is_unimplemented(whole: Service) -> None:
    headers = (*ANONYMOUS, ("grpc-encoding", "snappy"))
    with Connection(whole.port) as connection:
        assert connection.call(PUBLISH, b"\1" + framed(message("t"))[1:], headers=headers).grpc[0] == UNIMPLEMENTED


@pytest.mark.parametrize(
    "path", ["/cache_client.pubsub.Pubsub/Forget", "/no.such.Service/Call", "/cache_client.pubsub.Pubsub", "/"]
)
def test_an_unknown_method_is_unimplemented(whole: Service, path: str) -> None:
    with Connection(whole.port) as connection:
        assert connection.call(path, framed(b""), headers=GRPC).grpc[0] == UNIMPLEMENTED


NAMES = st.one_of(
    st.text(min_size=0, max_size=20),
    st.sampled_from(
        [
            "",
            " ",
            "\0",
            "a\0b",
            "a\r\nb",
            "\u202e",
            "e\u0301",
            "\u00e9",
            "/",
            ":",
            "*",
            "..",
            "a/b",
            "x" * 255,
            "x" * 256,
        ]
    ),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=NAMES)
def test_a_topic_name_is_refused_or_is_a_topic_of_its_own(whole: Service, name: str) -> None:
    """What is accepted comes back under that name and no other, also when both look the same."""
    text = str(uuid.uuid4())
    with Connection(whole.port) as connection:
        published = connection.call(PUBLISH, framed(message(name, text)), headers=ANONYMOUS).grpc[0]
        request = pubsub._SubscriptionRequest(cache_name="edge", topic=name)
        stream = connection.open(SUBSCRIBE, headers=ANONYMOUS, end=False)
        connection.data(stream, framed(request.SerializeToString()))
        answer = connection.answers[stream]
        if published != 0:
            connection.wait(lambda: answer.over)
            assert published == answer.grpc[0] == INVALID_ARGUMENT
            return
        connection.wait(lambda: text.encode() in answer.body)
        connection.h2.reset_stream(stream, 8)
        connection.flush()


LOOKALIKES = ("e\u0301t", "\u00e9t", "et", "ET", "\u202eet", "e/t", "e:t", "e*t", "e.t", "e%74", "e t")


def test_names_that_look_alike_are_different_topics(whole: Service) -> None:
    with Connection(whole.port) as connection:
        for name in LOOKALIKES:
            text = f"sent to {name!a}."
            assert connection.call(PUBLISH, framed(message(name, text)), headers=ANONYMOUS).grpc[0] == 0
        for name in LOOKALIKES:
            request = pubsub._SubscriptionRequest(cache_name="edge", topic=name, resume_at_topic_sequence_number=1)
            stream = connection.open(SUBSCRIBE, headers=ANONYMOUS, end=False)
            connection.data(stream, framed(request.SerializeToString()))
            answer = connection.answers[stream]
            connection.wait(lambda answer=answer: b"sent to" in answer.body)
            assert answer.body.count(b"sent to") == 1
            assert f"sent to {name!a}.".encode() in answer.body


def test_a_name_with_a_line_break_does_not_begin_a_line_of_the_log(whole: Service) -> None:
    log = whole.data / "run" / "access.log"
    with Connection(whole.port) as connection:
        connection.call("/topics/edge/a%0d%0aforged", headers=(*GRPC, ("x-forged", "1")))
    httpx.get(f"{whole.url}/topics/edge/a%0d%0aforged", headers={"x-forged": "1"})
    httpx.get(f"{whole.url}/last")
    until(lambda: '"path":"/last"' in log.read_text())
    for line in log.read_text().splitlines():
        json.loads(line)
