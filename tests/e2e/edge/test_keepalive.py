"""Pings keep a connection for ever, with and without calls on it, and are answered whatever Python does.

TIDINGS_LONG_KEEPALIVE=1 adds the form that SDKs have: a ping every 5 s for 10 minutes.
"""

import os
import time

import grpc
import pytest

from tests.e2e.edge.http2 import Connection
from tests.e2e.service import Service
from tests.patience import patient

LONG = os.environ.get("TIDINGS_LONG_KEEPALIVE") == "1"


def ping(connection: Connection, *, times: int, every: float) -> None:
    """Send pings and insist on an answer to each within a second and on no GOAWAY."""
    for number in range(times):
        due = time.monotonic() + every
        expected = connection.pings + 1
        connection.h2.ping(number.to_bytes(8, "big"))
        connection.flush()
        connection.within(lambda expected=expected: connection.pings >= expected, 1)
        assert not connection.goaways
        while (left := due - time.monotonic()) > 0:
            connection.read(left)


@pytest.mark.parametrize("calls", [False, True], ids=["no call", "an open stream"])
def test_a_burst_of_pings_is_answered(probe: Service, calls: bool) -> None:
    with Connection(probe.port) as connection:
        if calls:
            connection.open("/probe.Probe/Stream?interval=200")
        ping(connection, times=200, every=0.05)
        assert connection.call("/probe.Probe/Call").grpc[0] == 0


@pytest.mark.skipif(not LONG, reason="takes ten minutes; set TIDINGS_LONG_KEEPALIVE=1")
@pytest.mark.timeout(patient(700))
@pytest.mark.parametrize("calls", [False, True], ids=["no call", "an open stream"])
def test_pings_as_sdks_send_them_for_ten_minutes(probe: Service, calls: bool) -> None:
    with Connection(probe.port) as connection:
        if calls:
            connection.open("/probe.Probe/Stream?interval=5000")
        ping(connection, times=120, every=5)
        assert connection.call("/probe.Probe/Call").grpc[0] == 0


def test_grpcios_keepalive_is_content(probe: Service) -> None:
    """A client that pings each second without calls, and gives up after one second without an answer."""
    options = [
        ("grpc.keepalive_time_ms", 1_000),
        ("grpc.keepalive_timeout_ms", 1_000),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.http2.max_pings_without_data", 0),
        ("grpc.max_reconnect_backoff_ms", 60_000),
    ]
    states: list[grpc.ChannelConnectivity] = []
    with grpc.insecure_channel(f"127.0.0.1:{probe.port}", options=options) as channel:
        call = channel.unary_unary("/probe.Probe/Call", _same, _same)
        assert call(b"", timeout=patient(5)) == b"hi"
        channel.subscribe(states.append)
        began = time.monotonic()
        stream = channel.unary_stream("/probe.Probe/Stream?interval=500", _same, _same)(b"")
        received = 0
        for _ in stream:
            received += 1
            if time.monotonic() - began > 6:
                stream.cancel()
                break
        assert received > 10
        assert call(b"", timeout=patient(5)) == b"hi"
    assert grpc.ChannelConnectivity.TRANSIENT_FAILURE not in states


def _same(message: bytes) -> bytes:
    return message
