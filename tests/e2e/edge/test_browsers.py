"""gRPC-Web in both forms, and pages of other origins."""

import base64
from pathlib import Path

import httpx
import pytest

from tests.e2e.edge.http2 import FRAME, Connection
from tests.e2e.edge.tls import context
from tests.e2e.service import Service

ORIGIN = {"origin": "https://page.example"}
SDK_HEADERS = (
    "authorization,agent,cache,content-type,grpc-timeout,read-concern,runtime-version,x-grpc-web,x-user-agent,"
    "request-id,return-error,error-rpcs,error-count,delay-rpcs,delay-ms,delay-count,stream-error-rpcs,stream-error,"
    "stream-error-message-limit"
)
TRAILER = b"\x80\0\0\0\x0fgrpc-status:0\r\n"


def test_a_call_in_text_form_ends_with_a_trailer_frame(probe: Service) -> None:
    kind = "application/grpc-web-text"
    answer = httpx.post(
        f"{probe.url}/probe.Probe/Call",
        content=base64.b64encode(FRAME),
        headers={"content-type": kind, "accept": kind, "x-grpc-web": "1", **ORIGIN},
    )
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith(kind)
    decoded = b"".join(base64.b64decode(piece) for piece in _padded(answer.text))
    assert decoded == b"\0\0\0\0\2hi" + TRAILER


def _padded(text: str) -> list[str]:
    """Split text at the ends of base64 blocks, since each frame is encoded by itself."""
    return [text[start : start + 4] for start in range(0, len(text), 4)]


def test_a_call_in_binary_form_ends_with_a_trailer_frame(probe: Service) -> None:
    kind = "application/grpc-web+proto"
    answer = httpx.post(
        f"{probe.url}/probe.Probe/Call", content=FRAME, headers={"content-type": kind, "accept": kind, **ORIGIN}
    )
    assert answer.headers["content-type"] == kind
    assert answer.content == b"\0\0\0\0\2hi" + TRAILER


@pytest.mark.parametrize("version", [1, 2])
def test_each_frame_of_a_text_stream_can_be_read_when_it_comes(
    secure: Service, files: tuple[Path, Path], version: int
) -> None:
    """The browsers' client takes multiples of four characters only, so a frame must not wait for the next.

    Over TLS, since browsers speak HTTP/2 nowhere else.
    """
    headers = [("content-type", "application/grpc-web-text"), ("accept", "application/grpc-web-text"), *ORIGIN.items()]
    body = base64.b64encode(FRAME)
    if version == 1:
        url = f"{secure.url}/probe.Probe/Stream?interval=100"
        with httpx.stream(
            "POST", url, content=body, headers=dict(headers), verify=context(files[0], "http/1.1")
        ) as answer:
            pieces = answer.iter_raw()
            received = [next(pieces) for _ in range(3)]
    else:
        with Connection(secure.port, context=context(files[0], "h2", "http/1.1")) as connection:
            stream = connection.open("/probe.Probe/Stream?interval=100", headers=headers, end=False)
            connection.data(stream, body)
            connection.wait(lambda: len(connection.answers[stream].body) >= 36)
            received = [bytes(connection.answers[stream].body[:12])]
    assert all(base64.b64decode(piece) == b"\0\0\0\0\2hi" for piece in received)


def test_a_body_that_is_no_base64_is_refused(probe: Service) -> None:
    answer = httpx.post(
        f"{probe.url}/probe.Probe/Call",
        content=b"AAAA\r\nAAA=",
        headers={"content-type": "application/grpc-web-text", "x-grpc-web": "1", **ORIGIN},
    )
    assert answer.headers["grpc-status"] == "3"


@pytest.mark.parametrize("origin", ["https://page.example", "http://localhost:3000", "null"])
def test_a_preflight_of_any_origin_is_granted_for_what_sdks_send(probe: Service, origin: str) -> None:
    answer = httpx.options(
        f"{probe.url}/probe.Probe/Call",
        headers={
            "origin": origin,
            "access-control-request-method": "POST",
            "access-control-request-headers": SDK_HEADERS,
        },
    )
    assert answer.is_success
    assert answer.headers["access-control-allow-origin"] == origin
    assert "access-control-allow-credentials" not in answer.headers
    assert set(SDK_HEADERS.split(",")) <= set(answer.headers["access-control-allow-headers"].split(", "))
    methods = set(answer.headers["access-control-allow-methods"].split(", "))
    assert methods == {"POST", "GET", "PUT", "DELETE", "PATCH", "OPTIONS"}
    assert int(answer.headers["access-control-max-age"]) > 0


def test_an_answer_lets_a_page_read_status_message_and_err(probe: Service) -> None:
    answer = httpx.get(f"{probe.url}/", headers=ORIGIN)
    assert answer.headers["access-control-allow-origin"] == ORIGIN["origin"]
    assert {"grpc-status", "grpc-message", "err"} <= set(answer.headers["access-control-expose-headers"].split(", "))


def test_a_refusal_too_can_be_read_by_a_page(probe: Service) -> None:
    answer = httpx.get(f"{probe.url}/%ff", headers=ORIGIN)
    assert answer.status_code == 403
    assert answer.headers["access-control-allow-origin"] == ORIGIN["origin"]
