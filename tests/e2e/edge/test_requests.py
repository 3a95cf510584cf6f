"""Odd paths, methods, addresses and sizes: each is answered at once, and reaches the application in one form only."""

import json
import socket
import time
from collections.abc import Callable
from http.client import HTTPConnection
from typing import NamedTuple

import httpx
import psutil
import pytest

from tests.e2e.edge.http2 import FRAME, GRPC, Connection
from tests.e2e.service import Service
from tests.patience import patient

MIB = 1024 * 1024
UNDECODABLE = ("/%ff", "/%c0%af", "/%ED%A0%80", "/a%80b", "/%f5%80%80%80")
WELL_FORMED = ("/caf%C3%A9", "/%F0%9F%98%80", "/a-b_c~d", "/%E2%82%AC?q=%ff")


class Answer(NamedTuple):
    """What became of a request without a body."""

    status: int
    body: bytes


Ask = Callable[..., Answer]
"""Asks for a path by a method, which is GET."""


@pytest.fixture(params=["HTTP/1.1", "HTTP/2"])
def ask(request: pytest.FixtureRequest) -> Ask:
    """A client of either protocol that leaves paths as they are, and a service where Envoy reads it."""
    by_http1 = request.param == "HTTP/1.1"
    port = request.getfixturevalue("probe" if by_http1 else "probe_by_edge").port

    def http1(path: str, method: str = "GET") -> Answer:
        connection = HTTPConnection("127.0.0.1", port, timeout=patient(10))
        try:
            connection.request(method, path)
            answer = connection.getresponse()
            return Answer(answer.status, answer.read())
        finally:
            connection.close()

    def http2(path: str, method: str = "GET") -> Answer:
        with Connection(port) as connection:
            answer = connection.get(path, method=method)
            return Answer(answer.status, bytes(answer.body))

    return http1 if by_http1 else http2


def raw(port: int, request: bytes, *, seconds: float = 5.0) -> bytes:
    """Send bytes over a new connection and return everything until it closes or falls silent."""
    answer = b""
    with socket.create_connection(("127.0.0.1", port), timeout=seconds) as connection:
        connection.sendall(request)
        connection.settimeout(0.5)
        try:
            while piece := connection.recv(65536):
                answer += piece
        except (TimeoutError, ConnectionResetError):
            pass
    return answer


@pytest.mark.parametrize("path", UNDECODABLE)
def test_a_path_that_is_no_utf8_is_refused_at_once(ask: Ask, path: str) -> None:
    times: list[float] = []
    for _ in range(3):
        began = time.monotonic()
        answer = ask(path)
        times.append(time.monotonic() - began)
        assert answer.status == 403
        assert json.loads(answer.body)["code"] == "invalid_argument"
    assert min(times) < 0.1


def test_raw_bytes_over_127_in_a_path_are_refused(probe: Service) -> None:
    answer = raw(probe.port, b"GET /\xff HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
    assert answer.startswith((b"HTTP/1.1 400", b"HTTP/1.1 403"))


@pytest.mark.parametrize("path", WELL_FORMED)
def test_a_path_in_utf8_reaches_the_application(probe: Service, path: str) -> None:
    assert httpx.get(probe.url + path).status_code == 200


@pytest.mark.parametrize(
    ("path", "seen"), [("/a/../b", "/b"), ("//a//b", "/a/b"), ("/a/./b", "/a/b"), ("/a/%2e%2e/b", "/b")]
)
def test_a_path_is_normalised_before_it_is_routed(ask: Ask, path: str, seen: str) -> None:
    assert json.loads(ask(path).body)["path"] == seen


@pytest.mark.parametrize("path", ["/a%2fb", "/a%2Fb", "/a%5cb", "/%00"])
def test_a_path_with_a_hidden_separator_is_refused(ask: Ask, path: str) -> None:
    assert ask(path).status == 400


@pytest.mark.parametrize("path", [*UNDECODABLE, "/a%2fb", "/a%2Fb", "/a%5cb", "/%00"])
def test_a_path_that_is_refused_is_so_for_a_call_of_grpc_too(probe: Service, path: str) -> None:
    with Connection(probe.port) as connection:
        assert connection.call(path).grpc[0] == 3


@pytest.mark.parametrize("method", ["TRACE", "PROPFIND"])
def test_a_strange_method_is_refused(ask: Ask, method: str) -> None:
    assert ask("/", method).status == 403


def test_a_method_that_nobody_knows_is_refused(probe: Service, probe_by_edge: Service) -> None:
    assert raw(probe.port, b"BREW / HTTP/1.1\r\nhost: a\r\n\r\n").startswith(b"HTTP/1.1 400 ")
    with Connection(probe_by_edge.port) as connection:
        assert connection.get("/", method="BREW").status == 403


def test_connect_is_answered(probe: Service) -> None:
    answer = raw(probe.port, b"CONNECT other:80 HTTP/1.1\r\nhost: other:80\r\n\r\n")
    assert answer.startswith((b"HTTP/1.1 403", b"HTTP/1.1 404", b"HTTP/1.1 400"))


def test_the_client_address_is_the_connections_own(probe: Service) -> None:
    answer = httpx.get(f"{probe.url}/", headers={"x-forwarded-for": "6.6.6.6", "x-envoy-external-address": "6.6.6.6"})
    assert answer.json()["client"][0] == "127.0.0.1"


def test_behind_a_trusted_proxy_the_client_address_is_what_the_proxy_says() -> None:
    with Service("--app", "tests.e2e.edge.probe_app:app", "--trusted-proxies", "1") as proxied:
        answer = httpx.get(f"{proxied.url}/", headers={"x-forwarded-for": "6.6.6.6, 9.9.9.9"})
    assert answer.json()["client"][0] == "9.9.9.9"


def test_a_body_over_the_message_limit_reaches_the_application(probe: Service) -> None:
    """Messages are refused over 4 MiB less a little by the application, which knows which message it was."""
    answer = httpx.post(f"{probe.url}/", content=b"x" * (4 * MIB + 100_000))
    assert answer.json()["received_bytes"] == 4 * MIB + 100_000


def test_a_body_over_the_edges_limit_is_refused_in_words_that_sdks_read(probe: Service) -> None:
    with Connection(probe.port) as connection:
        answer = connection.call("/probe.Probe/Call", b"x" * (6 * MIB))
        again = connection.call("/probe.Probe/Call")
    assert answer.grpc[0] == 8
    assert answer.headers["err"] == "request_size_limit_exceeded"
    assert again.grpc[0] == 0


def test_a_body_over_the_edges_limit_is_413_for_plain_http(probe_by_edge: Service) -> None:
    with Connection(probe_by_edge.port) as connection:
        answer = connection.call("/", b"x" * (6 * MIB), headers=[("content-type", "text/plain")])
    assert answer.status == 413
    assert json.loads(answer.body)["code"] == "message_too_large"


def test_a_hundred_mebibytes_are_not_kept(probe: Service) -> None:
    with Connection(probe.port) as connection:
        connection.call("/probe.Probe/Call", b"x" * (6 * MIB))
        before = psutil.Process(probe.envoy_pid).memory_info().rss
        answer = connection.call("/probe.Probe/Call", b"x" * (100 * MIB), seconds=30)
    assert answer.grpc[0] == 8
    assert psutil.Process(probe.envoy_pid).memory_info().rss - before < 5 * MIB


def test_a_call_without_te_trailers_goes_on(probe_by_edge: Service) -> None:
    """Without the header the trailers are dropped by HTTP's rules; gRPC clients always send it."""
    with Connection(probe_by_edge.port) as connection:
        answer = connection.call("/probe.Probe/Call", FRAME, headers=[GRPC[0]])
    assert answer.status == 200
    assert not answer.trailers


def test_the_grpc_timeout_of_a_stream_does_not_end_it(probe: Service) -> None:
    """SDKs put a budget for the first message there, not the life of the subscription."""
    with Connection(probe.port) as connection:
        stream = connection.open("/probe.Probe/Stream?interval=100", headers=[*GRPC, ("grpc-timeout", "200m")])
        connection.wait(lambda: len(connection.answers[stream].body) > 7 * 8)
        assert not connection.answers[stream].over


def test_an_application_that_gives_no_answer_does_not_spin(probe_by_edge: Service) -> None:
    """The stream waits for the idle timeout; the edge goes on with others."""
    with Connection(probe_by_edge.port) as connection:
        silent = connection.open("/silent")
        assert connection.call("/probe.Probe/Call").grpc[0] == 0
        assert not connection.answers[silent].over


HTTP1 = {
    "two lengths": (b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nabcd", b"400"),
    "length and chunks": (
        (
            b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"
            b"GET / HTTP/1.1\r\nhost: a\r\n\r\n"
        ),
        b"400",
    ),
    "odd coding": (b"POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: xchunked\r\n\r\n", b"501"),
    "two codings": (b"POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked, identity\r\n\r\n", b"501"),
    "HTTP/1.0": (b"GET / HTTP/1.0\r\nhost: a\r\n\r\n", b"426"),
    "no host": (b"GET / HTTP/1.1\r\n\r\n", b"400"),
    "bad version": (b"GET / HTTP/9.9\r\nhost: a\r\n\r\n", b""),
}


@pytest.mark.parametrize("case", HTTP1)
def test_http1_that_could_be_read_in_two_ways_is_refused_and_closed(probe: Service, case: str) -> None:
    request, status = HTTP1[case]
    answer = raw(probe.port, request)
    assert answer.count(b"HTTP/1.1 ") <= 1
    assert answer.startswith(b"HTTP/1.1 " + status) if status else b" 200 " not in answer


def test_an_upgrade_to_cleartext_http2_is_ignored(probe: Service) -> None:
    answer = raw(
        probe.port,
        b"GET / HTTP/1.1\r\nhost: a\r\nconnection: upgrade, http2-settings\r\nupgrade: h2c\r\n"
        b"http2-settings: AAMAAABkAAQAAP__\r\n\r\n",
    )
    assert b" 101 " not in answer
    assert answer.count(b"HTTP/1.1 ") == 1
