"""Native gRPC that Python reads itself: which connections those are, who their client is, and how they move on."""

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from cli.edge.grpc import GRPC
from tests.e2e.edge.conftest import PROBE
from tests.e2e.edge.http2 import GRPC as HEADERS
from tests.e2e.edge.http2 import Connection
from tests.e2e.edge.test_metrics import PLACE, samples
from tests.e2e.edge.test_restart import load
from tests.e2e.edge.tls import context
from tests.e2e.service import Service, until
from tests.e2e.tenant import Tenant

BY_PYTHON = ("--grpc-by", "python")
HTTP_1_1_REQUIRED = 13


@pytest.fixture(scope="module")
def secure(files: tuple[Path, Path]) -> Iterator[Service]:
    with Service(*PROBE, *BY_PYTHON, tls=files) as running:
        yield running


@pytest.fixture(scope="module")
def plain() -> Iterator[Service]:
    with Service(*PROBE, *BY_PYTHON, "--trusted-proxies", "1") as running:
        yield running


def passed_on(service: Service) -> int:
    """How many connections Envoy has passed on, by its own count."""
    (socket,) = (service.data / "run").rglob("admin.sock")
    with httpx.Client(transport=httpx.HTTPTransport(uds=str(socket)), base_url="http://envoy") as admin:
        told = admin.get(f"/stats?filter=^tcp.{GRPC}.downstream_cx_total$").text
    return int(told.rpartition(":")[2])


@pytest.mark.parametrize("offered", [("h2",), ("grpc-exp", "h2")])
def test_over_tls_who_offers_nothing_but_http2_is_read_by_python(
    secure: Service, files: tuple[Path, Path], offered: tuple[str, ...]
) -> None:
    before = passed_on(secure)
    with Connection(secure.port, context=context(files[0], *offered)) as connection:
        assert connection.call("/probe.Probe/Call").grpc[0] == 0
    assert passed_on(secure) == before + 1


def test_over_tls_who_offers_http1_too_is_read_by_envoy(secure: Service, files: tuple[Path, Path]) -> None:
    before = passed_on(secure)
    with Connection(secure.port, context=context(files[0], "h2", "http/1.1")) as connection:
        assert connection.call("/probe.Probe/Call").grpc[0] == 0
        assert connection.get("/state").status == 200
    assert passed_on(secure) == before


def test_without_tls_http2_is_read_by_python_and_http1_by_envoy(plain: Service) -> None:
    before = passed_on(plain)
    assert httpx.get(f"{plain.url}/state").status_code == 200
    assert passed_on(plain) == before
    with Connection(plain.port) as connection:
        assert connection.call("/probe.Probe/Call").grpc[0] == 0
        assert connection.get("/state").reset == HTTP_1_1_REQUIRED
        assert connection.call("/probe.Probe/Call").grpc[0] == 0
    assert passed_on(plain) == before + 1


@pytest.mark.parametrize(
    ("headers", "client"), [((), "127.0.0.1"), ((("x-forwarded-for", "6.6.6.6, 9.9.9.9"),), "9.9.9.9")]
)
def test_the_client_is_who_connects_or_who_a_trusted_proxy_says(
    plain: Service, headers: tuple[tuple[str, str], ...], client: str
) -> None:
    with Connection(plain.port) as connection:
        answer = connection.call("/echo", b"", headers=[*HEADERS, *headers])
    assert json.loads(answer.body)["client"][0] == client


def test_a_restart_fails_no_call_and_tells_idle_connections_too() -> None:
    with Service(*PROBE, *BY_PYTHON, "--drain-seconds", "1") as service, Connection(service.port) as idle:
        assert idle.call("/probe.Probe/Call").grpc[0] == 0
        first = service.envoy_pid
        with load(service.port) as calls:
            until(lambda: calls.calls > 20)
            service.signal(signal.SIGHUP)
            idle.wait(lambda: bool(idle.goaways), seconds=30)
            until(lambda: first not in service.envoy_pids, seconds=40, what="the end of the first generation")
            done = calls.calls
            until(lambda: calls.calls > done + 20)
        assert not calls.failures


def test_what_is_sent_is_in_the_numbers_of_python_and_in_those_of_envoy() -> None:
    with Service(*BY_PYTHON, "--metrics-port", "0") as service, Tenant(service) as ada:
        found = PLACE.search(service.output)
        assert found, service.output
        cache = ada.new_cache()
        for _ in range(3):
            ada.owner.publish(cache, "chat", "text")
        seen = samples(found[1])
        assert seen["tidings_grpc_connections"] >= 1
        assert seen["tidings_grpc_calls_total"] >= 3
        until(lambda: _agree(samples(found[1])), what="the same count by both")


def _agree(seen: dict[str, float]) -> bool:
    return seen["envoy_tcp_downstream_cx_tx_bytes_total"] == seen["tidings_grpc_sent_bytes_total"] > 0
