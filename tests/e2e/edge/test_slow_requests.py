"""Requests that never finish hold nothing for long: silence, half of the headers, half of a body, a byte at a time."""

import socket
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import httpx
import pytest

from tests.e2e.edge.http2 import GRPC, Connection
from tests.e2e.service import Service

HALF_HEADERS = b"POST / HTTP/1.1\r\nhost: a\r\nx-slow: "
HALF_BODY = b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\n\r\nabc"


def seconds_until_closed(port: int, opening: bytes, *, drip: bytes = b"", at_most: float) -> tuple[float, bytes]:
    """Send the opening, then the drip each half second; return how long the server bore it, and its answer."""
    answer = b""
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.settimeout(0.5)
        connection.sendall(opening)
        while (passed := time.monotonic() - began) < at_most:
            try:
                piece = connection.recv(65_536)
                answer += piece
                if not piece:
                    return passed, answer
                connection.sendall(drip)
            except TimeoutError:
                continue
            except OSError:
                return passed, answer
    return at_most, answer


@dataclass(frozen=True)
class Case:
    """What is sent, and after how many seconds the server ends it with which answer."""

    opening: bytes
    seconds: float
    status: bytes = b""
    drip: bytes = b""


CASES = {
    "silence": Case(b"", 15),
    "one letter": Case(b"P", 15),
    "half headers": Case(HALF_HEADERS, 5, b"HTTP/1.1 408"),
    "half a body": Case(HALF_BODY, 15, b"HTTP/1.1 408"),
    "a byte now and then": Case(HALF_BODY, 15, b"HTTP/1.1 408", drip=b"x"),
}


@pytest.fixture(scope="module")
def outcomes(probe: Service) -> dict[str, tuple[float, bytes]]:
    """All cases at the same time, for they only wait."""

    def outcome(case: Case) -> tuple[float, bytes]:
        return seconds_until_closed(probe.port, case.opening, drip=case.drip, at_most=case.seconds + 5)

    with ThreadPoolExecutor(len(CASES)) as threads:
        return dict(zip(CASES, threads.map(outcome, CASES.values()), strict=True))


@pytest.mark.parametrize("name", CASES)
def test_what_never_arrives_is_closed(outcomes: dict[str, tuple[float, bytes]], name: str) -> None:
    """The bound is on the whole: a byte now and then does not renew it."""
    passed, answer = outcomes[name]
    assert CASES[name].seconds - 1 < passed < CASES[name].seconds + 2.5
    assert answer.startswith(CASES[name].status)


def test_half_a_call_is_deadline_exceeded(either: Service) -> None:
    with Connection(either.port) as connection:
        stream = connection.open("/probe.Probe/Call", headers=GRPC, end=False)
        connection.data(stream, b"\0\0\0", end=False)
        connection.within(lambda: connection.answers[stream].over, 18)
        assert connection.answers[stream].grpc == (4, "the request did not arrive in time")
        assert connection.call("/probe.Probe/Call").grpc[0] == 0


def test_five_hundred_of_them_do_not_slow_others(probe: Service) -> None:
    openings = [b"", HALF_HEADERS, HALF_BODY]
    slow = [socket.create_connection(("127.0.0.1", probe.port)) for _ in range(500)]
    try:
        for number, connection in enumerate(slow):
            connection.sendall(openings[number % 3])
        times: list[float] = []
        with httpx.Client() as client:
            for _ in range(100):
                began = time.monotonic()
                assert client.get(f"{probe.url}/").is_success
                times.append(time.monotonic() - began)
        assert sorted(times)[98] < 0.25
    finally:
        for connection in slow:
            connection.close()
