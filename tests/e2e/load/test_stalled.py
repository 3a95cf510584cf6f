"""Two hundred subscribers that read nothing, and one that reads a little: bounded, cut or told, and nobody waits."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import grpc
import pytest
from momento_wire_types import cachepubsub_pb2 as wire
from momento_wire_types import cachepubsub_pb2_grpc as stubs

from bench.cpu import resident_bytes
from tests.e2e.core.frames import messages
from tests.e2e.core.test_slow_subscriber import CACHE, TOPIC, Listener, Slow, create_cache, numbers, publish
from tests.e2e.edge.http2 import Connection
from tests.e2e.load.effort import told
from tests.e2e.service import Service

STALLED = 200
MOST_BYTES = 400_000
"""Of the process for each of them."""

DRIP_BYTES = 1_000
"""What the slow one takes at a time, twenty times a second."""


@pytest.fixture(scope="module")
def cutting() -> Iterator[Service]:
    """A service that cuts a stalled stream after three seconds instead of 45."""
    with Service("--stream-idle-seconds", "3", local=True) as running:
        create_cache(running)
        yield running


@pytest.fixture
def stub(cutting: Service) -> Iterator[Any]:
    with grpc.insecure_channel(f"127.0.0.1:{cutting.port}") as channel:
        yield stubs.PubsubStub(channel)


def newest(stub: Any) -> int:
    """Return the number of the topic's newest item, which a new subscriber gets first."""
    stream = stub.Subscribe(wire._SubscriptionRequest(cache_name=CACHE, topic=TOPIC))
    found = next(message.item.topic_sequence_number for message in stream if message.HasField("item"))
    stream.cancel()
    return int(found)


def test_two_hundred_that_read_nothing_cost_their_bound_and_are_cut(cutting: Service, stub: Any) -> None:
    listener = Listener(stub)
    listener.start()
    publish(stub, 500, per_second=1_000)  # the history is full: from here on the process has its size
    with ExitStack() as stack:
        slow = [stack.enter_context(Connection(cutting.port, stalled=True)) for _ in range(STALLED)]
        for connection in slow:
            Slow(connection)
        before = resident_bytes(cutting.envoy_pid)
        publish(stub, 100, per_second=100)
        each = (resident_bytes(cutting.envoy_pid) - before) / STALLED
        for connection in slow:
            connection.wait(lambda connection=connection: connection.answers[1].over, seconds=30)
        assert all(connection.answers[1].reset is not None for connection in slow)
    told(f"{each / 1000:.0f} KB each")
    assert each < MOST_BYTES
    assert listener.discontinuities == 0
    assert listener.numbers[-100:] == list(range(501, 601))


def test_one_that_reads_a_little_is_told_what_it_missed_and_is_not_cut(cutting: Service, stub: Any) -> None:
    """It is offered 5 MB a second, more than a router keeps of a topic."""
    with Connection(cutting.port, stalled=True) as connection, ThreadPoolExecutor(1) as elsewhere:
        slow = Slow(connection)
        publishing = elsewhere.submit(publish, stub, 1_000, 500)
        while not publishing.done():
            for stream in (None, 1):
                connection.h2.increment_flow_control_window(DRIP_BYTES, stream)
            connection.flush()
            connection.read(0.001)
            time.sleep(0.05)  # how slow it is
        publishing.result()
        assert not connection.answers[1].over
        slow.read_up_to(newest(stub))
    found = [message for message in messages(slow.body) if not message.HasField("heartbeat")]
    gaps = [message.discontinuity for message in found if message.HasField("discontinuity")]
    got = numbers(slow.body)
    missed = {number for gap in gaps for number in range(gap.last_topic_sequence + 1, gap.new_topic_sequence)}
    assert gaps
    assert sorted([*got, *missed]) == list(range(got[0], got[-1] + 1))
    assert got == sorted(got)
