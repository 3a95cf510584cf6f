"""What is sent to each system, and how its answers are counted."""

import re

import pytest
from momento_wire_types import cachepubsub_pb2 as messages

from bench.http2 import Flag, Kind, frame
from bench.load.reader import ReaderSpec
from bench.protocols.interface import Dialect, Refused
from bench.protocols.nats import NatsDialect, NatsPublishing, NatsSubscribing
from bench.protocols.redis import RedisDialect, RedisPublishing, RedisSubscribing
from bench.protocols.tidings import TidingsDialect

TIDINGS = TidingsDialect("127.0.0.1", 1, "key", "cache")
HEARTBEAT = b"\0\0\0\0\x02\x1a\0"


def test_redis_is_published_to_in_bulk_strings():
    publisher = RedisPublishing(("t",), b"abc")
    assert publisher.publish(2) == b"*3\r\n$7\r\nPUBLISH\r\n$1\r\nt\r\n$3\r\nabc\r\n" * 2
    publisher.receive(memoryview(b":0\r\n:12\r"))
    publisher.receive(memoryview(b"\n"))
    assert publisher.acknowledged == 2


def test_an_error_of_redis_is_not_counted():
    with pytest.raises(Refused, match="ERR"):
        RedisPublishing(("t",), b"").receive(memoryview(b"-ERR no\r\n"))


def test_a_redis_subscriber_counts_what_follows_the_confirmation():
    subscriber = RedisSubscribing("t")
    subscriber.receive(memoryview(b"*3\r\n$9\r\nsubscribe\r\n$1\r\nt"))
    assert not subscriber.ready
    subscriber.receive(memoryview(b"\r\n:1\r\n*3"))
    subscriber.receive(memoryview(b"\r\n$7"))
    assert (subscriber.ready, subscriber.delivered_bytes) == (True, 6)


def test_nats_acknowledges_in_verbose_mode():
    publisher = NatsPublishing(("t",), b"abc")
    publisher.receive(memoryview(b'INFO {"a":"+"}\r\n'))
    assert not publisher.ready
    publisher.receive(memoryview(b"+OK\r\n"))
    assert publisher.ready
    assert publisher.publish(2) == b"PUB t 3\r\nabc\r\n" * 2
    publisher.receive(memoryview(b"+OK\r\nPING\r\n+O"))
    assert (publisher.acknowledged, bytes(publisher.outgoing[-6:])) == (2, b"PONG\r\n")


def test_a_nats_subscriber_counts_what_follows_the_pong():
    subscriber = NatsSubscribing("t")
    subscriber.receive(memoryview(b"INFO {}\r\nPO"))
    subscriber.receive(memoryview(b"NG\r\nMSG"))
    assert (subscriber.ready, subscriber.delivered_bytes) == (True, 3)


def test_an_error_of_nats_is_not_counted():
    with pytest.raises(Refused, match="denied"):
        NatsSubscribing("t").receive(memoryview(b"INFO {}\r\n-ERR 'denied'\r\n"))


def test_tidings_is_published_to_with_the_contracts_message():
    publisher = TIDINGS.publishing(("topic",), b"value")
    calls = publisher.publish(2)
    message = messages._PublishRequest.FromString(calls[-30:].partition(b"\0\0\0\0")[2][1:])
    assert (message.cache_name, message.topic, message.value.text) == ("cache", "topic", "value")
    assert calls.count(b"key") == 1


def test_only_an_ok_status_acknowledges():
    trailers = frame(Kind.HEADERS, Flag.END_HEADERS | Flag.END_STREAM, 1, b"\0\x0bgrpc-status\x010")
    publisher = TIDINGS.publishing(("topic",), b"value")
    publisher.receive(memoryview(trailers))
    assert publisher.acknowledged == 1
    with pytest.raises(Refused, match="grpc-status: 8"):
        publisher.receive(memoryview(trailers[:-1] + b"8"))


def test_all_streams_must_have_had_their_heartbeat():
    subscriber = TIDINGS.subscribing(("topic", "topic"))
    subscriber.receive(memoryview(frame(Kind.DATA, 0, 1, HEARTBEAT)))
    assert not subscriber.ready
    subscriber.receive(memoryview(frame(Kind.DATA, 0, 3, HEARTBEAT)))
    assert subscriber.ready


def test_heartbeats_between_messages_are_no_deliveries():
    subscriber = TIDINGS.subscribing(("topic",))
    retained, item = b"retained", b"an item of a topic"
    subscriber.receive(memoryview(frame(Kind.DATA, 0, 1, HEARTBEAT + retained)))
    before = subscriber.delivered_bytes
    stream = b"".join(frame(Kind.DATA, 0, 1, payload) for payload in (HEARTBEAT, item, HEARTBEAT, HEARTBEAT))
    for byte in stream:
        subscriber.receive(memoryview(bytes([byte])))
    assert subscriber.ready
    assert subscriber.delivered_bytes - before == len(item)


@pytest.mark.parametrize("dialect", [RedisDialect("127.0.0.1", 1), NatsDialect("127.0.0.1", 1), TIDINGS])
def test_several_topics_are_published_to_in_turn(dialect: Dialect):
    publisher = dialect.publishing(("topic-a", "topic-b", "topic-c"), b"value")
    sent = publisher.publish(4) + publisher.publish(1)
    assert re.findall(rb"topic-.", sent) == [b"topic-a", b"topic-b", b"topic-c", b"topic-a", b"topic-b"]


def test_a_message_of_a_mebibyte_waits_for_the_servers_window():
    publisher = TIDINGS.publishing(("topic",), b"x" * 2**20)
    assert 65_535 < len(publisher.publish(1)) < 70_000


@pytest.mark.parametrize(
    ("topics", "first", "second"),
    [(("a",), ["a", "a"], ["a", "a"]), (("a", "b", "c", "d"), ["a", "b"], ["c", "d"])],
)
def test_subscriptions_are_to_one_topic_or_each_to_its_own(
    topics: tuple[str, ...], first: list[str], second: list[str]
):
    spec = ReaderSpec(TIDINGS, topics, 2, 1, streams=2)
    assert [list(spec.of(0)), list(spec.of(1))] == [first, second]
