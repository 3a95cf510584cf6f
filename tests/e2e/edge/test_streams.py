"""Open streams: what a stalled reader costs, when a dead one is noticed, and that an idle one costs nothing."""

import httpx
import psutil
import pytest

from tests.e2e.edge.conftest import PROBE, state
from tests.e2e.edge.http2 import Connection
from tests.e2e.service import Service, until, within

KIB = 1024


@pytest.mark.parametrize(("reader", "least", "most"), [("edge", 640 * KIB, 2000 * KIB), ("python", 63 * KIB, 64 * KIB)])
def test_a_stalled_subscriber_is_sent_no_more_than_its_window(reader: str, least: int, most: int) -> None:
    """Python sends what a connection's window takes, and waits. Envoy between takes 64 KiB more of each stream."""
    with Service(*PROBE, "--grpc-by", reader) as service, Connection(service.port, stalled=True) as stalled:
        before = psutil.Process(service.envoy_pid).memory_info().rss
        streams = [stalled.open("/probe.Probe/Stream?size=1000&interval=0") for _ in range(10)]
        with Connection(service.port) as other:
            until(lambda: _stands_still(service), what="the end of the flow")
            assert other.call("/probe.Probe/Call").grpc[0] == 0
        sent = state(service)["sent_bytes"]
        grown = psutil.Process(service.envoy_pid).memory_info().rss - before
    assert least <= sent <= most
    assert grown < len(streams) * 1024 * KIB


def _stands_still(service: Service) -> bool:
    first = state(service)["sent_bytes"]
    return first > 0 and all(state(service)["sent_bytes"] == first for _ in range(20))


def test_a_stalled_stream_is_cut_by_the_idle_timeout_and_others_are_not() -> None:
    with (
        Service(*PROBE, "--stream-idle-seconds", "2") as service,
        Connection(service.port, stalled=True) as stalled,
        Connection(service.port) as reading,
    ):
        stalled.open("/probe.Probe/Stream?size=1000&interval=0")
        kept = reading.open("/probe.Probe/Stream?interval=500")
        until(lambda: state(service)["streams"] == 2)
        within(lambda: state(service)["endings"] == ["client gone"], 6)
        reading.wait(lambda: len(reading.answers[kept].body) >= 7 * 3)
        assert state(service)["streams"] == 1


@pytest.mark.parametrize("how", ["reset", "close"])
def test_a_stream_whose_client_is_gone_ends_with_the_next_heartbeat(probe: Service, how: str) -> None:
    """The application is not told by itself: its next write is."""
    before = len(state(probe)["endings"])
    with Connection(probe.port) as connection:
        stream = connection.open("/probe.Probe/Stream?interval=300")
        connection.wait(lambda: bool(connection.answers[stream].body))
        if how == "reset":
            connection.h2.reset_stream(stream, 8)
            connection.flush()
        else:
            connection.close()
        within(lambda: state(probe)["endings"][before:] == ["client gone"], 2)


def test_after_the_request_receive_does_not_wait(probe: Service) -> None:
    """Why no code here may loop on receive(): it answers at once, an empty request each time."""
    before = state(probe)["receives"]
    with Connection(probe.port) as connection:
        assert connection.call("/probe.Probe/Watch?times=100", b"").grpc[0] == 0
    assert state(probe)["receives"] - before == 100


def test_one_process_has_one_lifespan_and_one_loop(probe: Service) -> None:
    states = [httpx.get(f"{probe.url}/state").json() for _ in range(20)]
    assert {found["lifespans"] for found in states} == {1}
    assert {found["pid"] for found in states} == {probe.envoy_pid}


def test_two_thousand_streams_share_a_connection(probe: Service) -> None:
    """More than 1,000 subscriptions and calls beside them: a Python process of the SDK has one connection."""
    with Connection(probe.port) as connection:
        streams = [connection.open("/probe.Probe/Stream?interval=60000") for _ in range(2_000)]
        connection.wait(lambda: all(connection.answers[stream].body for stream in streams), seconds=30)
        assert connection.call("/probe.Probe/Call").grpc[0] == 0
        assert not any(connection.answers[stream].over for stream in streams)
