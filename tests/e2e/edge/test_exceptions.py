"""A bug in the application is INTERNAL for every kind of client, and never a success."""

import httpx
import pytest

from tests.e2e.edge.http2 import FRAME, Connection
from tests.e2e.service import Service

WEB = "application/grpc-web+proto"
WEB_TEXT = "application/grpc-web-text+proto"


def test_an_exception_in_a_unary_call_is_internal(either: Service) -> None:
    with Connection(either.port) as connection:
        answer = connection.call("/probe.Probe/Raise")
    assert answer.status == 200
    assert answer.grpc == (13, "internal error")


def test_an_exception_in_a_stream_breaks_it(either: Service) -> None:
    with Connection(either.port) as connection:
        answer = connection.call("/probe.Probe/RaiseMidstream")
    assert answer.reset == 2
    assert "grpc-status" not in {**answer.headers, **answer.trailers}


@pytest.mark.parametrize("kind", [WEB, WEB_TEXT])
def test_an_exception_is_internal_for_a_browser(probe: Service, kind: str) -> None:
    answer = httpx.post(
        f"{probe.url}/probe.Probe/Raise",
        content=FRAME if kind == WEB else b"AAAAAAA=",
        headers={"content-type": kind, "accept": kind, "origin": "https://page.example"},
    )
    assert answer.status_code == 200
    assert answer.headers["content-type"] == kind
    assert answer.headers["grpc-status"] == "13"
    assert "grpc-status" in answer.headers["access-control-expose-headers"]


def test_an_exception_in_a_browsers_stream_leaves_it_without_an_ok(probe: Service) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        httpx.post(
            f"{probe.url}/probe.Probe/RaiseMidstream",
            content=b"AAAAAAA=",
            headers={"content-type": WEB_TEXT, "accept": WEB_TEXT},
        )


def test_an_exception_is_an_error_for_plain_http(probe: Service) -> None:
    answer = httpx.get(f"{probe.url}/raise")
    assert answer.status_code == 500
    request_id = answer.headers["x-request-id"]
    assert answer.json() == {"code": "internal", "message": "internal error", "request_id": request_id}
