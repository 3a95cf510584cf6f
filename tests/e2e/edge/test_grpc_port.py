"""The port for native gRPC alone, on which Python listens without Envoy before it."""

import json
import re
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.edge.conftest import PROBE
from tests.e2e.edge.http2 import GRPC, Connection
from tests.e2e.edge.test_metrics import PLACE, samples
from tests.e2e.edge.test_restart import load
from tests.e2e.service import Service, until
from tests.e2e.tenant import Tenant
from tests.e2e.wire import Client

GRPC_PLACE = re.compile(r"^grpc 127\.0\.0\.1:(\d+)$", re.MULTILINE)


def port_of(service: Service) -> int:
    found = GRPC_PLACE.search(service.output)
    assert found, service.output
    return int(found[1])


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with Service(*PROBE, "--grpc-port", "0", "--trusted-proxies", "1") as running:
        yield running


@pytest.mark.parametrize(
    ("headers", "client"), [((), "127.0.0.1"), ((("x-forwarded-for", "6.6.6.6, 9.9.9.9"),), "9.9.9.9")]
)
def test_the_client_is_who_connects_or_who_a_trusted_proxy_says(
    service: Service, headers: tuple[tuple[str, str], ...], client: str
) -> None:
    with Connection(port_of(service)) as connection:
        answer = connection.call("/echo", b"", headers=[*GRPC, *headers])
    assert json.loads(answer.body)["client"][0] == client


@pytest.mark.parametrize(
    "said", [b"GET / HTTP/1.1\r\nhost: a\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00", b"\r\n\r\n\0\r\nQUIT\n"]
)
def test_whoever_speaks_something_else_is_cut_off_alone(service: Service, said: bytes) -> None:
    with Connection(port_of(service)) as honest, socket.create_connection(("127.0.0.1", port_of(service))) as other:
        other.settimeout(10)
        other.sendall(said)
        while other.recv(1024):
            pass
        assert honest.call("/probe.Probe/Call").grpc[0] == 0


def test_a_restart_fails_no_call_and_tells_idle_connections_too() -> None:
    with Service(*PROBE, "--grpc-port", "0", "--drain-seconds", "1") as service:
        port = port_of(service)
        with Connection(port) as idle, load(port) as calls, load(service.port) as by_envoy:
            assert idle.call("/probe.Probe/Call").grpc[0] == 0
            for _ in range(2):
                first = service.envoy_pid
                before = calls.calls
                until(lambda before=before: calls.calls > before + 20)
                service.signal(signal.SIGHUP)
                until(lambda first=first: first not in service.envoy_pids, seconds=40, what="the end of a generation")
            idle.wait(lambda: bool(idle.goaways), seconds=30)
        assert calls.failures == []
        assert by_envoy.failures == []


def test_a_port_that_somebody_has_is_named_with_the_option_that_chooses_another() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with Service(*PROBE, "--grpc-port", str(port), ready=False) as refused:
            assert refused.wait() == 3
            assert f"port {port} on 127.0.0.1 is in use" in refused.errors
            assert "--grpc-port" in refused.errors


def test_a_customer_is_served_there_as_elsewhere_and_what_is_sent_is_counted() -> None:
    with Service("--grpc-port", "0", "--metrics-port", "0") as service, Tenant(service) as ada:
        found = PLACE.search(service.output)
        assert found, service.output
        cache = ada.new_cache()
        direct = Client(port_of(service), ada.key)
        stream = direct.subscribe(cache, "chat")
        ada.owner.publish(cache, "chat", "by Envoy")
        direct.publish(cache, "chat", "past it")
        assert [stream.next().item.value.text for _ in range(2)] == ["by Envoy", "past it"]
        direct.close()
        seen = samples(found[1])
        past = seen["tidings_grpc_sent_bytes_total"] - seen["envoy_tcp_downstream_cx_tx_bytes_total"]
        assert past > 0


def test_envoy_has_no_such_port() -> None:
    with Service(*PROBE, "--grpc-port", "0", "--grpc-by", "edge", ready=False) as refused:
        assert refused.wait() == 2
        assert "--grpc-port goes with --grpc-by python" in refused.errors


def test_it_is_not_the_other_port() -> None:
    with Service(*PROBE, "--grpc-port", "8099", port=8099, ready=False) as refused:
        assert refused.wait() == 2
        assert "--grpc-port must not be the --port" in refused.errors


def test_there_is_none_unless_it_is_asked_for(probe: Service) -> None:
    assert "grpc" not in probe.output


def test_a_service_with_a_certificate_warns_of_a_port_without(files: tuple[Path, Path]) -> None:
    with Service(*PROBE, "--host", "0.0.0.0", "--grpc-port", "0", tls=files) as service:
        assert "speaks no TLS: whoever is on the way to it reads tokens (--grpc-port)" in service.errors
    with Service(*PROBE, "--grpc-port", "0", tls=files) as service:
        assert "speaks no TLS" not in service.errors
