"""The test-admin port of `--local` freezes the data port as a cut network would, and frees it again."""

import time

import httpx
import pytest

from tests.e2e.edge.conftest import PROBE
from tests.e2e.edge.http2 import Connection
from tests.e2e.service import Service


def test_a_blocked_port_is_silent_and_goes_on_where_it_was() -> None:
    with Service(*PROBE, local=True) as service, Connection(service.port) as connection:
        stream = connection.open("/probe.Probe/Stream?interval=100")
        connection.wait(lambda: len(connection.answers[stream].body) >= 14)
        assert httpx.get(f"{service.admin_url}/block").status_code == 200
        connection.read(0.1)
        received = len(connection.answers[stream].body)
        call = connection.open("/probe.Probe/Call")
        connection.h2.ping(b"12345678")
        connection.flush()
        quiet_until = time.monotonic() + 2
        while (left := quiet_until - time.monotonic()) > 0:
            connection.read(left)
        assert len(connection.answers[stream].body) == received
        assert not connection.answers[call].headers
        assert connection.pings == 0
        assert not connection.closed
        with Connection(service.port) as fresh:
            waiting = fresh.open("/probe.Probe/Call")
            assert httpx.get(f"{service.admin_url}/unblock").status_code == 200
            fresh.wait(lambda: fresh.answers[waiting].over)
            assert fresh.answers[waiting].grpc[0] == 0
        connection.wait(lambda: connection.answers[call].over and connection.pings == 1)
        assert connection.answers[call].grpc[0] == 0
        connection.wait(lambda: len(connection.answers[stream].body) > received + 14)
        assert not connection.answers[stream].over


def test_a_stop_works_while_blocked() -> None:
    with Service(*PROBE, local=True) as service:
        assert httpx.get(f"{service.admin_url}/block").is_success
        assert service.stop() == 0


def test_the_second_line_of_output_names_the_admin_port() -> None:
    with Service(*PROBE, local=True) as service:
        assert service.output.splitlines() == [f"ready {service.url}", f"admin {service.admin_url}"]
        assert httpx.get(f"{service.admin_url}/other").status_code == 404


def test_only_a_local_service_has_an_admin_port(probe: Service) -> None:
    with pytest.raises(AssertionError, match="local"):
        assert probe.admin_url
