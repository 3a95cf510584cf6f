"""TLS on the one port: both protocols by ALPN, nothing older than TLS 1.2, and no HTTP/3."""

import signal
import socket
import ssl
from pathlib import Path

import httpx
import pytest

from tests.e2e.certificates import self_signed
from tests.e2e.edge.conftest import PROBE
from tests.e2e.edge.http2 import Connection
from tests.e2e.edge.tls import context
from tests.e2e.service import Service, until


def test_the_ready_line_says_https(secure: Service) -> None:
    assert secure.url == f"https://127.0.0.1:{secure.port}"


@pytest.mark.parametrize(("offered", "chosen"), [(("h2", "http/1.1"), "h2"), (("http/1.1",), "http/1.1")])
def test_alpn_chooses_the_protocol(
    secure: Service, files: tuple[Path, Path], offered: tuple[str, ...], chosen: str
) -> None:
    with (
        socket.create_connection(("127.0.0.1", secure.port)) as raw,
        context(files[0], *offered).wrap_socket(raw, server_hostname="localhost") as connection,
    ):
        assert connection.selected_alpn_protocol() == chosen


def test_calls_go_over_tls_with_both_protocols(secure: Service, files: tuple[Path, Path]) -> None:
    with Connection(secure.port, context=context(files[0], "h2")) as connection:
        assert connection.call("/probe.Probe/Call").grpc[0] == 0
    answer = httpx.get(f"{secure.url}/", verify=ssl.create_default_context(cafile=str(files[0])))
    assert answer.json()["scheme"] == "https"
    assert answer.json()["http_version"] == "1.1"


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_current_versions_are_taken(secure: Service, files: tuple[Path, Path], version: ssl.TLSVersion) -> None:
    made = context(files[0], "h2")
    made.minimum_version = made.maximum_version = version
    with Connection(secure.port, context=made) as connection:
        assert connection.call("/probe.Probe/Call").grpc[0] == 0


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
def test_tls_1_1_is_refused(secure: Service, files: tuple[Path, Path]) -> None:
    made = context(files[0], "h2")
    made.set_ciphers("ALL:@SECLEVEL=0")
    made.minimum_version = made.maximum_version = ssl.TLSVersion.TLSv1_1
    with (
        socket.create_connection(("127.0.0.1", secure.port)) as raw,
        pytest.raises(ssl.SSLError, match="ALERT_PROTOCOL_VERSION"),
    ):
        made.wrap_socket(raw, server_hostname="localhost")


def test_plaintext_on_the_tls_port_is_closed(secure: Service) -> None:
    with socket.create_connection(("127.0.0.1", secure.port), timeout=5) as raw:
        raw.sendall(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")
        assert raw.recv(100) == b""


def test_nothing_listens_for_http3(secure: Service) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
        datagrams.bind(("127.0.0.1", secure.port))


def test_a_renewed_certificate_is_served_after_a_rolling_restart(tmp_path: Path) -> None:
    files = self_signed(tmp_path, "localhost")
    with Service(*PROBE, "--drain-seconds", "0.2", tls=files) as service:
        before = ssl.get_server_certificate(("127.0.0.1", service.port))
        self_signed(tmp_path, "localhost", "cache.example.com")
        service.signal(signal.SIGHUP)
        until(lambda: ssl.get_server_certificate(("127.0.0.1", service.port)) != before, seconds=20)


def test_tls_files_that_cannot_be_used_are_one_sentence(tmp_path: Path, files: tuple[Path, Path]) -> None:
    (tmp_path / "other").mkdir()
    stranger = self_signed(tmp_path / "other", "localhost")[1]
    for pair, words in (
        ((tmp_path / "no.pem", files[1]), "cannot be read"),
        ((files[0], stranger), "cannot be used"),
        ((files[1], files[0]), "cannot be used"),
    ):
        with Service(*PROBE, tls=pair, ready=False) as service:
            assert service.wait(seconds=20) == 6
            assert words in service.errors
            assert "Traceback" not in service.errors
    with Service(*PROBE, "--tls-cert", str(files[0]), ready=False) as service:
        assert service.wait(seconds=20) == 6
        assert "both --tls-cert and --tls-key" in service.errors
