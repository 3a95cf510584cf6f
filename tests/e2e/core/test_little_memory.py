"""A machine with little memory: what clients publish and do not read never has the service killed for want of it."""

from collections.abc import Iterator
from typing import Any

import grpc
import pytest
from momento_wire_types import cachepubsub_pb2 as wire
from momento_wire_types import cachepubsub_pb2_grpc as stubs
from momento_wire_types import controlclient_pb2 as control
from momento_wire_types import controlclient_pb2_grpc as control_stubs

from tests.e2e.memory_group import MemoryGroup, memory_group
from tests.e2e.service import Service
from tests.patience import patient

CACHE = "much"
MIB = 2**20
MEMORY = 768 * MIB
TOPICS = 120
"""Each with a subscriber that stalls. An eighth of the memory is less than an item for each of them."""
ROUNDS = 12
"""Of a MiB to each topic: 1.4 GiB, none of which is too old or too much for the history of its topic."""


@pytest.fixture(scope="module")
def group() -> Iterator[MemoryGroup]:
    with memory_group(MEMORY) as made:
        if made is None:
            pytest.skip("no control group with a limit of memory may be made here")
        yield made


@pytest.fixture(scope="module")
def cramped(group: MemoryGroup) -> Iterator[Service]:
    service = Service(local=True)
    service.under = group.under
    with service:
        yield service


def channel(service: Service, number: int) -> grpc.Channel:
    """Return a connection of its own, whose number sets it apart."""
    own = [("grpc.use_local_subchannel_pool", 1), ("tests.number", number), ("grpc.max_receive_message_length", -1)]
    return grpc.insecure_channel(f"127.0.0.1:{service.port}", options=own)


def test_much_that_is_kept_for_those_who_do_not_read_gives_way_before_memory_ends(
    cramped: Service, group: MemoryGroup
) -> None:
    before = cramped.envoy_pids
    publisher = channel(cramped, -1)
    create: Any = control_stubs.ScsControlStub(publisher)
    create.CreateCache(control._CreateCacheRequest(cache_name=CACHE))
    publish: Any = stubs.PubsubStub(publisher)
    readers = [channel(cramped, number) for number in range(TOPICS)]
    streams = [subscribed(reader, f"topic-{number}") for number, reader in enumerate(readers)]
    value = wire._TopicValue(binary=b"x" * MIB)
    for _ in range(ROUNDS):
        for topic in range(TOPICS):
            request = wire._PublishRequest(cache_name=CACHE, topic=f"topic-{topic}", value=value)
            publish.Publish(request, timeout=patient(10))
    assert cramped.envoy_pids == before
    assert group.most_bytes < MEMORY
    numbers, missing = read_to(streams[0], ROUNDS)
    assert sorted(numbers + missing) == list(range(1, ROUNDS + 1))
    assert missing
    for each in (publisher, *readers):
        each.close()


def subscribed(reader: grpc.Channel, topic: str) -> Any:
    """Return a stream after its heartbeat; nothing more of it is read."""
    stub: Any = stubs.PubsubStub(reader)
    stream = stub.Subscribe(wire._SubscriptionRequest(cache_name=CACHE, topic=topic))
    assert next(stream).WhichOneof("kind") == "heartbeat"
    return stream


def read_to(stream: Iterator[Any], last: int) -> tuple[list[int], list[int]]:
    """Read until something is said of a number; return the numbers that came, and those that were told as missing."""
    numbers: list[int] = []
    missing: list[int] = []
    while last not in (*numbers[-1:], *missing[-1:]):
        message = next(stream)
        if message.HasField("discontinuity"):
            told = message.discontinuity
            missing += range(told.last_topic_sequence + 1, told.new_topic_sequence)
        elif message.HasField("item"):
            numbers.append(message.item.topic_sequence_number)
    return numbers, missing
