"""What subscriptions cost that wait, and what is left of connections that came and went."""

import re
import ssl
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

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
from tests.patience import patient

MOST_BYTES, MOST_BYTES_OVER_TLS = 12 * 1024, 35 * 1024
"""Of a subscription: one of 200 on a connection in plaintext, and one on a connection of its own over TLS.

They were 6.1 and 13.0 KiB; where Envoy reads them 22.9 and 8.8."""

OVER_TLS = 1_000 if IS_LONG else 250
GONE_SECONDS = 20.0
MOST_MORE_FILES, MOST_MORE_TASKS = 4, 4

COMING = 24_000 if IS_LONG else 150
WARM = 6_000 if IS_LONG else 1
MOST_LEFT_BLOCKS, MOST_LEFT_BYTES = 0.5, 300
"""Of each connection that came and went: objects of Python, of which a tenth of one was seen, and bytes that Envoy has
allocated, which go up and down by three million and are kilobytes for anything that Envoy keeps of a connection.

Resident memory does not tell: it grows for minutes as jobs of the account service run for the first time and leave
cycles, and in the room that those have left, 18,000 times a hundred lost bytes do not show.
"""
COLLECTED = Path(__file__).parent / "collected"

METRICS = re.compile(r"^metrics (http://\S+)$", re.MULTILINE)
NUMBERS = re.compile(r"^(\w+)(?:{[^}]*})? (\S+)$", re.MULTILINE)


class Secure:
    """A service over TLS, and what it holds."""

    def __init__(self, service: Service, tenant: Tenant, trusted: ssl.SSLContext) -> None:
        self.service = service
        self._tenant = tenant
        self._cache = tenant.new_cache()
        self._trusted = trusted

    def number(self, metric: str) -> float:
        place = METRICS.search(self.service.output)
        assert place
        return float(dict(NUMBERS.findall(httpx.get(place[1], timeout=patient(20)).text))[metric])

    @property
    def tasks(self) -> float:
        return self.number("tidings_tasks")

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

    def came_and_went(self, count: int) -> tuple[float, float]:
        """Open so many connections, one after the other, and close each; return the blocks and bytes there are then."""
        for _ in range(count):
            self.subscribed().close()
        time.sleep(GONE_SECONDS if IS_LONG else 0)  # until they have ended, and Envoy has told its numbers anew
        return self.number("tidings_python_blocks"), self.number("envoy_server_memory_allocated")


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secure]:
    files = issue(tmp_path_factory.mktemp("tls"), "localhost")
    trusted = ssl.create_default_context(cafile=str(files.authority))
    trusted.set_alpn_protocols(["h2"])
    with (
        Service("--metrics-port", "0", tls=files.server, env={"PYTHONPATH": str(COLLECTED)}) as service,
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


@pytest.mark.timeout(patient(400))
def test_nothing_is_left_of_connections_that_came_and_went(secure: Secure) -> None:
    """A subscription whose client is gone ends with the next heartbeat at the latest."""
    blocks, allocated = secure.came_and_went(WARM)
    tasks, files = secure.tasks, secure.files
    resident = resident_bytes(secure.service.envoy_pid)
    after = secure.came_and_went(COMING)
    left_blocks, left_bytes = (after[0] - blocks) / COMING, (after[1] - allocated) / COMING
    grown = resident_bytes(secure.service.envoy_pid) - resident
    told(
        f"{COMING:,} came and went, each left {left_blocks:.2f} blocks of Python and {left_bytes:.0f} bytes of Envoy, "
        f"grown {grown / 1024:.0f} KiB"
    )
    until(
        lambda: secure.tasks <= tasks + MOST_MORE_TASKS and secure.files <= files + MOST_MORE_FILES,
        seconds=GONE_SECONDS,
        what="an end of what they had",
    )
    if IS_LONG:
        assert left_blocks < MOST_LEFT_BLOCKS
        assert left_bytes < MOST_LEFT_BYTES
