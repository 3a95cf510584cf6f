"""A subscriber that does not read: what it costs, whom it delays, and what it is told when it reads again."""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from statistics import median
from typing import Any, TypeAlias

import grpc
import psutil
import pytest
from momento_wire_types import cachepubsub_pb2 as wire
from momento_wire_types import cachepubsub_pb2_grpc as stubs
from momento_wire_types import controlclient_pb2 as control
from momento_wire_types import controlclient_pb2_grpc as control_stubs

from tests.e2e.core.frames import SUBSCRIBE, messages, subscription
from tests.e2e.edge.http2 import Connection
from tests.e2e.service import Service

CACHE, TOPIC = "slow", "ticks"
VALUE_BYTES = 10_000
PER_SECOND = 100
SECONDS = 20
STALLED = 10
WARM_UP = 2_000
MOST_GROWN = 1_500_000
"""Bytes of the process for each of them; 1.1 million were measured, of which a stalled subscriber takes 0.2 million.

The process grows by 9.5 MB also where nobody stalls, and then no more: items that come slowly, over 16 MB of history,
leave gaps in its memory that the quick ones of the warm-up did not.
"""

PubsubStub: TypeAlias = Any
"""`stubs.PubsubStub`, whose methods have no types."""


@pytest.fixture(scope="module")
def short_lived() -> Iterator[Service]:
    """A service that cuts a stalled stream after three seconds instead of 45."""
    with Service("--stream-idle-seconds", "3", local=True) as running:
        create_cache(running)
        yield running


def create_cache(service: Service) -> None:
    with grpc.insecure_channel(f"127.0.0.1:{service.port}") as channel:
        stub: Any = control_stubs.ScsControlStub(channel)
        stub.CreateCache(control._CreateCacheRequest(cache_name=CACHE))


def publish(stub: PubsubStub, count: int, per_second: float, meanwhile: Sequence["Slow"] = ()) -> None:
    value = wire._TopicValue(binary=b"x" * VALUE_BYTES)
    request = wire._PublishRequest(cache_name=CACHE, topic=TOPIC, value=value)
    start = time.monotonic()
    for sent in range(count):
        time.sleep(max(start + sent / per_second - time.monotonic(), 0))
        stub.Publish(request, timeout=5)
        if meanwhile:
            meanwhile[sent % len(meanwhile)].answer()


@dataclass
class Listener:
    """A subscriber that reads at once, and notes what it got and when."""

    stub: PubsubStub
    numbers: list[int] = field(default_factory=list[int])
    discontinuities: int = 0
    pauses: list[float] = field(default_factory=list[float])

    def start(self) -> None:
        stream = self.stub.Subscribe(wire._SubscriptionRequest(cache_name=CACHE, topic=TOPIC))
        assert next(stream).WhichOneof("kind") == "heartbeat"
        threading.Thread(target=self._listen, args=(stream,), daemon=True).start()

    def _listen(self, stream: Iterator[wire._SubscriptionItem]) -> None:
        last = time.monotonic()
        try:
            for message in stream:
                self.discontinuities += message.HasField("discontinuity")
                if message.HasField("item"):
                    now = time.monotonic()
                    self.numbers.append(message.item.topic_sequence_number)
                    self.pauses.append(now - last)
                    last = now
        except grpc.RpcError:
            return


class Slow:
    """A subscriber that stalls once its stream is open."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        stream = connection.open(SUBSCRIBE, end=False)
        connection.data(stream, subscription(CACHE, TOPIC))
        connection.wait(lambda: len(messages(self.body)) > 0)

    @property
    def body(self) -> bytearray:
        return self._connection.answers[1].body

    def answer(self) -> None:
        """Answer a ping, as gRPC's clients do by themselves while nobody reads: no window is opened."""
        self._connection.read(0)

    def read_up_to(self, number: int) -> None:
        self._connection.resume()
        self._connection.wait(lambda: numbers(self.body)[-1] == number, seconds=20)


def test_ten_stalled_subscribers_cost_their_bound_and_delay_nobody() -> None:
    """They read again after 20 s of 1 MB/s: one exact Discontinuity each, and all that follows."""
    with ExitStack() as stack:
        service = stack.enter_context(Service(local=True))
        create_cache(service)
        stub = stubs.PubsubStub(stack.enter_context(grpc.insecure_channel(f"127.0.0.1:{service.port}")))
        listener = Listener(stub)
        listener.start()
        publish(stub, WARM_UP, per_second=2_000)  # the history is full: from here on the process has its size
        slow = [Slow(stack.enter_context(Connection(service.port, stalled=True))) for _ in range(STALLED)]
        process = psutil.Process(service.envoy_pid)
        before = process.memory_info().rss
        publish(stub, PER_SECOND * SECONDS, per_second=PER_SECOND, meanwhile=slow)
        grown = process.memory_info().rss - before
        for subscriber in slow:
            for other in slow:
                other.answer()
            subscriber.read_up_to(WARM_UP + PER_SECOND * SECONDS)

    assert grown < STALLED * MOST_GROWN
    assert listener.numbers[-PER_SECOND * SECONDS :] == sorted(listener.numbers[-PER_SECOND * SECONDS :])
    assert listener.discontinuities == 0
    assert median(listener.pauses[-PER_SECOND * SECONDS :]) < 2 / PER_SECOND
    for subscriber in slow:
        assert_one_exact_gap(subscriber.body)


def numbers(body: bytes | bytearray) -> list[int]:
    return [m.item.topic_sequence_number for m in messages(body) if m.HasField("item")] or [0]


def assert_one_exact_gap(body: bytes | bytearray) -> None:
    """Before the gap and after it there is every number, and the gap's ends are the numbers beside it."""
    found = [message for message in messages(body) if not message.HasField("heartbeat")]
    (gap,) = [index for index, message in enumerate(found) if message.HasField("discontinuity")]
    told, before, after = found[gap].discontinuity, numbers_of(found[:gap]), numbers_of(found[gap + 1 :])
    assert before == list(range(before[0], before[-1] + 1))
    assert after == list(range(after[0], after[-1] + 1))
    assert (told.last_topic_sequence, told.new_topic_sequence) == (before[-1], after[0])
    assert told.new_sequence_page == found[0].item.sequence_page


def numbers_of(found: list[wire._SubscriptionItem]) -> list[int]:
    return [message.item.topic_sequence_number for message in found]


def test_past_the_idle_timeout_the_stream_is_cut_and_a_resume_brings_what_history_holds(short_lived: Service) -> None:
    with (
        grpc.insecure_channel(f"127.0.0.1:{short_lived.port}") as channel,
        Connection(short_lived.port, stalled=True) as stalled,
        Connection(short_lived.port) as resumed,
    ):
        stub = stubs.PubsubStub(channel)
        stream = stalled.open(SUBSCRIBE, end=False)
        stalled.data(stream, subscription(CACHE, TOPIC))
        stalled.wait(lambda: bool(messages(stalled.answers[stream].body)))
        publish(stub, 100, per_second=1_000)
        stalled.wait(lambda: stalled.answers[stream].over, seconds=15)
        got = [m.item for m in messages(stalled.answers[stream].body) if m.HasField("item")]
        assert stalled.answers[stream].reset is not None
        assert 0 < len(got) < 100

        again = resumed.open(SUBSCRIBE, end=False)
        resumed.data(again, subscription(CACHE, TOPIC, got[-1].topic_sequence_number + 1, got[-1].sequence_page))
        resumed.wait(lambda: numbers(resumed.answers[again].body)[-1] == 100)
    everything = [m.WhichOneof("kind") for m in messages(resumed.answers[again].body)]
    assert "discontinuity" not in everything
    assert numbers(resumed.answers[again].body) == list(range(len(got) + 1, 101))
