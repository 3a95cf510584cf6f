"""What subscriptions cost that wait, and what is left of connections that came and went."""

import re
import ssl
import time
from collections.abc import Iterator
from contextlib import ExitStack

import httpx
import psutil
import pytest

from bench.cpu import process_seconds, resident_bytes
from bench.load.connections import nothing
from bench.load.reader import Reader, ReaderSpec
from bench.protocols.tidings import TidingsDialect
from tests.e2e.certificates import issue
from tests.e2e.core.frames import SUBSCRIBE, messages, subscription
from tests.e2e.edge.http2 import GRPC, Connection
from tests.e2e.load.effort import IS_LONG, SECONDS, told
from tests.e2e.service import Service, until
from tests.e2e.tenant import Tenant

MOST_BYTES, MOST_BYTES_OVER_TLS = 28 * 1024, 50 * 1024
"""Of a subscription: one of 200 on a connection in plaintext, and one on a connection of its own over TLS.

The first two thousand of a process were 24.8 KiB each, the next ones that came in their place 0.2."""

OVER_TLS = 1_000 if IS_LONG else 250
COMING_A_SECOND = 50
GONE_SECONDS = 20.0
MOST_MORE_FILES, MOST_MORE_TASKS = 4, 4
MOST_GROWTH_BYTES_A_MINUTE = 1 << 19

METRICS = re.compile(r"^metrics (http://\S+)$", re.MULTILINE)
TASKS = re.compile(r"^tidings_tasks (\S+)$", re.MULTILINE)


class Secure:
    """A service over TLS, and what it holds."""

    def __init__(self, service: Service, tenant: Tenant, trusted: ssl.SSLContext) -> None:
        self.service = service
        self._tenant = tenant
        self._cache = tenant.new_cache()
        self._trusted = trusted

    @property
    def tasks(self) -> float:
        place = METRICS.search(self.service.output)
        assert place
        found = TASKS.search(httpx.get(place[1], timeout=20).text)
        assert found
        return float(found[1])

    @property
    def files(self) -> int:
        return psutil.Process(self.service.envoy_pid).num_fds()

    def subscribed(self) -> Connection:
        """Open a connection with a subscription that has had its first heartbeat."""
        connection = Connection(self.service.port, context=self._trusted)
        stream = connection.open(SUBSCRIBE, headers=[*GRPC, ("authorization", self._tenant.key)], end=False)
        connection.data(stream, subscription(self._cache, "idle"))
        connection.wait(lambda: bool(messages(connection.answers[stream].body)))
        return connection


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secure]:
    files = issue(tmp_path_factory.mktemp("tls"), "localhost")
    trusted = ssl.create_default_context(cafile=str(files.authority))
    trusted.set_alpn_protocols(["h2"])
    with (
        Service("--metrics-port", "0", tls=files.server) as service,
        Tenant(service, authority=files.authority) as tenant,
    ):
        yield Secure(service, tenant, trusted)


def test_two_thousand_that_wait_cost_their_bound(service: Service) -> None:
    with Tenant(service) as tenant:
        dialect = TidingsDialect("127.0.0.1", service.port, tenant.key, tenant.new_cache())
        first = Reader(ReaderSpec(dialect, ("idle",), 1, 1))
        first.set_up()  # what is made once is made
        pid = service.envoy_pid
        before = resident_bytes(pid)
        reader = Reader(ReaderSpec(dialect, ("idle",), 10, 1, streams=200))
        reader.set_up()
        each = (resident_bytes(pid) - before) / 2_000
        busy, began = process_seconds(pid), time.monotonic()
        while time.monotonic() < began + SECONDS:
            reader.connections.read(0.5, nothing)
        share = (process_seconds(pid) - busy) / (time.monotonic() - began)
        told(f"{each / 1024:.1f} KiB each in plaintext; waiting they take {share:.1%} of a core")
        assert reader.connections.lost == 0
        for held in (first, reader):
            held.connections.close()
    assert each < MOST_BYTES
    if IS_LONG:
        assert share < 0.05


def test_a_connection_of_its_own_over_tls_costs_its_bound(secure: Secure) -> None:
    with ExitStack() as stack:
        for _ in range(20):  # what is made once is made
            stack.enter_context(secure.subscribed())
        before = resident_bytes(secure.service.envoy_pid)
        for _ in range(OVER_TLS):
            stack.enter_context(secure.subscribed())
        each = (resident_bytes(secure.service.envoy_pid) - before) / OVER_TLS
    told(f"{each / 1024:.1f} KiB each over TLS, on a connection of its own")
    assert each < MOST_BYTES_OVER_TLS


def test_nothing_is_left_of_connections_that_came_and_went(secure: Secure) -> None:
    """A subscription whose client is gone ends with the next heartbeat at the latest."""
    secure.subscribed().close()
    begin, memory = time.monotonic(), [resident_bytes(secure.service.envoy_pid)]
    time.sleep(GONE_SECONDS if IS_LONG else 0)  # those of the test before
    tasks, files = secure.tasks, secure.files
    for number in range(round(COMING_A_SECOND * SECONDS)):
        time.sleep(max(0.0, begin + number / COMING_A_SECOND - time.monotonic()))
        secure.subscribed().close()
        memory.append(resident_bytes(secure.service.envoy_pid))
    grown = memory[-1] - memory[len(memory) // 2]
    told(f"{len(memory)} came and went, grown {grown / 1024:.0f} KiB in the second half")
    until(
        lambda: secure.tasks <= tasks + MOST_MORE_TASKS and secure.files <= files + MOST_MORE_FILES,
        seconds=GONE_SECONDS,
        what="an end of what they had",
    )
    if IS_LONG:
        assert grown < MOST_GROWTH_BYTES_A_MINUTE * SECONDS / 2 / 60
