"""Publishes at seven tenths of what the service can take, and one topic for two hundred: exact, and soon there."""

import time
from collections import Counter
from collections.abc import Iterator
from statistics import quantiles

import pytest

from bench.cpu import resident_bytes
from bench.load.connections import Connections, Wire, nothing
from bench.load.open_loop import Outcome, publish_open_loop
from bench.load.reader import Reader, ReaderSpec
from bench.load.stamp import StampReader, stamped
from bench.protocols.interface import Subscribing
from bench.protocols.tidings import TidingsDialect
from tests.e2e.load.effort import IS_LONG, SECONDS, told
from tests.e2e.service import Service
from tests.e2e.tenant import Tenant

CONNECTIONS = 4
MORE_THAN_IT_CAN = 150_000 if IS_LONG else 30_000
MOST_OF_SECONDS = 5 if IS_LONG else 1
"""What a second takes is in part what its queues hold, and seven tenths of that may be more than the service can."""

ROUNDS = 1 if IS_LONG else 3
"""Beside other tests, what the service can take may be less than half a moment later."""

VALUE_BYTES = 1024
PER_SECOND = 100
SUBSCRIBERS, OF_ONE_CONNECTION = 200, 20
MOST_GROWTH_BYTES_A_MINUTE = 1 << 20


@pytest.fixture(scope="module")
def dialect(service: Service) -> Iterator[TidingsDialect]:
    with Tenant(service) as tenant:
        yield TidingsDialect("127.0.0.1", service.port, tenant.key, tenant.new_cache())


def test_publishes_at_seven_tenths_of_the_most_are_all_accepted(service: Service, dialect: TidingsDialect) -> None:
    found, grown = Outcome(0), 0
    for left in reversed(range(ROUNDS)):
        most = publish_open_loop(dialect, CONNECTIONS, MORE_THAN_IT_CAN, MOST_OF_SECONDS, VALUE_BYTES)
        per_second = 0.7 * most.accepted_per_second
        warm = publish_open_loop(dialect, CONNECTIONS, per_second, SECONDS / 2, VALUE_BYTES)
        before = resident_bytes(service.envoy_pid)
        found = publish_open_loop(dialect, CONNECTIONS, per_second, SECONDS / 2, VALUE_BYTES)
        grown = resident_bytes(service.envoy_pid) - before
        told(
            f"{per_second:,.0f}/s, 0.7 of the most: p50 {found.quantile(0.5) * 1000:.1f} ms, "
            f"p99 {found.quantile(0.99) * 1000:.1f} ms, grown {grown / 2**20:.2f} MiB in {found.seconds:.0f} s"
        )
        if is_all_accepted(warm, per_second) and is_all_accepted(found, per_second):
            break
        assert left, f"refused or without an answer: {warm.statuses} {found.statuses} {found.unanswered}"
    if IS_LONG:
        assert found.quantile(0.5) < 0.005
        assert found.quantile(0.99) < 0.050
        assert grown < MOST_GROWTH_BYTES_A_MINUTE * found.seconds / 60


def is_all_accepted(outcome: Outcome, per_second: float) -> bool:
    """Whether half the time at this rate had no other answer, and no publish without one."""
    return outcome.statuses == {"0": round(per_second * SECONDS / 2)} and not outcome.unanswered


class Arrivals:
    """Which messages have reached each connection, how often, and after how many seconds."""

    def __init__(self, wires: list[Wire[Subscribing]]) -> None:
        self._stamps = {wire.socket: StampReader() for wire in wires}
        self.counts = {wire.socket: Counter[int]() for wire in wires}
        self.seconds: list[float] = []

    def note(self, wire: Wire[Subscribing], chunk: memoryview) -> None:
        now = time.monotonic_ns()
        found = self._stamps[wire.socket].find(chunk)
        self.counts[wire.socket].update(found)
        self.seconds += [(now - sent) / 1e9 for sent in found]


def test_each_of_two_hundred_subscribers_gets_each_message_once(dialect: TidingsDialect) -> None:
    reader = Reader(ReaderSpec(dialect, ("two-hundred",), SUBSCRIBERS // OF_ONE_CONNECTION, 1, OF_ONE_CONNECTION))
    reader.set_up()
    arrivals = Arrivals(reader.connections.wires)
    session = dialect.publishing(("two-hundred",), b"")
    publisher = Connections(dialect, [session])
    messages, begin = round(PER_SECOND * SECONDS), time.monotonic()
    for number in range(messages):
        while (left := begin + number / PER_SECOND - time.monotonic()) > 0:
            reader.connections.read(left, arrivals.note)
        publisher.wires[0].socket.sendall(session.publish_value(stamped(100)))
        publisher.read(0, nothing)
    deadline = time.monotonic() + 10
    while len(arrivals.seconds) < messages * SUBSCRIBERS and time.monotonic() < deadline:
        reader.connections.read(0.1, arrivals.note)
    reader.connections.read(0.2, arrivals.note)  # what comes twice comes now
    publisher.read(0.2, nothing)
    publisher.close()
    reader.connections.close()

    p99 = quantiles(arrivals.seconds, n=100)[98]
    told(f"{len(arrivals.seconds):,} deliveries, p99 {p99 * 1000:.1f} ms")
    assert session.acknowledged == messages
    assert len(arrivals.seconds) == messages * SUBSCRIBERS
    for counts in arrivals.counts.values():
        assert len(counts) == messages
        assert set(counts.values()) == {OF_ONE_CONNECTION}
    if IS_LONG:
        assert p99 < 0.2
