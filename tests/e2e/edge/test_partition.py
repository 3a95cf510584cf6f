"""A client behind a dead link, of which no FIN and no RST ever comes, is given up after a ping without an answer."""

import time

from tests.e2e.edge.conftest import PROBE, state
from tests.e2e.edge.http2 import Connection
from tests.e2e.edge.proxy import Proxy
from tests.e2e.service import Service, within


def test_streams_behind_a_dead_link_are_freed_after_a_ping_without_an_answer() -> None:
    """With 1 s between pings and 1 s for the answer; production has 20 s and 5 s."""
    with (
        Service(*PROBE, "--keepalive-seconds", "1") as service,
        Proxy(service.port) as proxy,
        Connection(proxy.port) as behind,
        Connection(service.port) as beside,
    ):
        streams = [behind.open("/probe.Probe/Stream?interval=200") for _ in range(5)]
        behind.wait(lambda: all(behind.answers[stream].body for stream in streams))
        kept = beside.open("/probe.Probe/Stream?interval=200")
        beside.wait(lambda: bool(beside.answers[kept].body))
        proxy.cut()
        began = time.monotonic()

        def freed() -> bool:
            beside.read(0.05)
            return state(service)["streams"] == 1

        within(freed, 6)
        assert time.monotonic() - began < 4
        assert state(service)["endings"] == ["client gone"] * 5
        assert not beside.answers[kept].over
