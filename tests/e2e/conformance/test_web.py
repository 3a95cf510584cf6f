"""gRPC-Web: CONFORMANCE A7, without a browser; a real one is in tests/browser."""

import base64
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from momento_wire_types import cachepubsub_pb2 as pubsub

from api.framing import frame
from tests.e2e.core.frames import PUBLISH, SUBSCRIBE
from tests.e2e.tenant import Tenant

ORIGIN = "https://page.example"
TEXT, BINARY = "application/grpc-web-text", "application/grpc-web"


def publishing(cache: str) -> bytes:
    request = pubsub._PublishRequest(cache_name=cache, topic="a", value=pubsub._TopicValue(text="x"))
    return frame(request.SerializeToString())


def subscribing(cache: str) -> bytes:
    return frame(pubsub._SubscriptionRequest(cache_name=cache, topic="a").SerializeToString())


def headers(tenant: Tenant, kind: str) -> dict[str, str]:
    return {
        "content-type": kind,
        "accept": kind,
        "x-grpc-web": "1",
        "x-user-agent": "grpc-web-javascript/0.1",
        "authorization": tenant.key,
        "origin": ORIGIN,
    }


def post(tenant: Tenant, path: str, body: bytes, kind: str) -> tuple[httpx.Response, bytes]:
    """Send a call and return the answer and its body, decoded."""
    sent = base64.b64encode(body) if "text" in kind else body
    answer = tenant.http.post(path, content=sent, headers=headers(tenant, kind))
    return answer, decoded(answer.text) if "text" in kind else answer.content


def decoded(text: str) -> bytes:
    """Decode base64 that is padded at the end of each frame."""
    return b"".join(base64.b64decode(text[start : start + 4]) for start in range(0, len(text), 4))


def trailers(body: bytes) -> dict[str, str]:
    """Return what the trailer frame says."""
    at = body.index(b"\x80\0\0")
    assert body[at] == 0x80
    text = body[at + 5 : at + 5 + int.from_bytes(body[at + 1 : at + 5], "big")].decode()
    assert text.endswith("\r\n")
    pairs = [line.split(":", 1) for line in text.split("\r\n") if line]
    assert all(name == name.lower() for name, _ in pairs)
    return {name: value.strip() for name, value in pairs}


@pytest.mark.parametrize("kind", [TEXT, f"{TEXT}+proto", BINARY, f"{BINARY}+proto"])
def test_both_forms_are_spoken(tenant: Tenant, cache: str, kind: str) -> None:
    answer, body = post(tenant, PUBLISH, publishing(cache), kind)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith(TEXT if "text" in kind else BINARY)
    assert body.startswith(b"\0\0\0\0\0")
    assert trailers(body)["grpc-status"] == "0"


@pytest.mark.parametrize("kind", [TEXT, BINARY])
def test_a_refusal_is_http_200_with_the_status_where_a_page_can_read_it(tenant: Tenant, kind: str) -> None:
    answer, body = post(tenant, PUBLISH, publishing("nowhere"), kind)
    assert answer.status_code == 200
    found = trailers(body) if body else answer.headers
    assert found["grpc-status"] == "5"
    assert "nowhere" in found["grpc-message"]
    assert_exposed(answer)


def test_the_err_of_a_limit_reaches_a_page(limited: Tenant) -> None:
    cache = limited.new_cache()
    request = pubsub._PublishRequest(cache_name=cache, topic="a", value=pubsub._TopicValue(text="x" * 110 * 1024))
    answer, body = post(limited, PUBLISH, frame(request.SerializeToString()), TEXT)
    found = trailers(body) if body else answer.headers
    assert (found["grpc-status"], found["err"]) == ("8", "request_size_limit_exceeded")
    assert_exposed(answer)


def assert_exposed(answer: httpx.Response) -> None:
    exposed = {name.strip() for name in answer.headers["access-control-expose-headers"].split(",")}
    assert {"grpc-status", "grpc-message", "err"} <= exposed
    assert answer.headers["access-control-allow-origin"] in (ORIGIN, "*")
    assert "access-control-allow-credentials" not in answer.headers


def chunks(answer: httpx.Response) -> Iterator[str]:
    """Yield whole base64 blocks as they come."""
    for piece in answer.iter_raw():
        assert len(piece) % 4 == 0, "a page takes multiples of four characters only"
        yield piece.decode()


def test_each_frame_of_a_text_stream_is_padded_and_sent_at_once(tenant: Tenant, cache: str) -> None:
    content = base64.b64encode(subscribing(cache))
    with tenant.http.stream("POST", SUBSCRIBE, content=content, headers=headers(tenant, TEXT)) as answer:
        assert answer.headers["content-type"].startswith(TEXT)
        assert "content-encoding" not in answer.headers
        pieces = chunks(answer)
        assert decoded(next(pieces)) == frame(
            pubsub._SubscriptionItem(heartbeat=pubsub._Heartbeat()).SerializeToString()
        )
        tenant.owner.publish(cache, "a", "x")
        item = pubsub._SubscriptionItem.FromString(decoded(next(pieces))[5:])
        assert item.item.value.text == "x"
        tenant.owner.delete_cache(cache)
        assert trailers(decoded("".join(pieces)))["grpc-status"] == "5"


def test_a_preflight_is_granted_for_the_headers_that_sdks_send(tenant: Tenant) -> None:
    asked = "authorization,agent,cache,content-type,grpc-timeout,read-concern,runtime-version,x-grpc-web,x-user-agent"
    answer = tenant.http.options(
        SUBSCRIBE,
        headers={
            "origin": ORIGIN,
            "access-control-request-method": "POST",
            "access-control-request-headers": f"{asked},request-id",
        },
    )
    assert answer.is_success
    allowed = {name.strip() for name in answer.headers["access-control-allow-headers"].split(",")}
    assert {*asked.split(","), "request-id"} <= allowed
    assert "POST" in answer.headers["access-control-allow-methods"]
    assert int(answer.headers["access-control-max-age"]) > 0
    assert answer.headers["access-control-allow-origin"] in (ORIGIN, "*")


def test_the_http_api_publishes_and_polls(tenant: Tenant, cache: str) -> None:
    """Lightly: it has tests of its own."""
    path, token = f"/topics/{cache}/a", {"authorization": tenant.key}
    assert tenant.http.post(path, content="x", headers={**token, "content-type": "text/plain"}).status_code == 204
    query: dict[str, Any] = {"sequence_number": 1, "sequence_page": 0}
    polled = tenant.http.get(path, params=query, headers=token).json()
    assert polled["items"][0]["item"]["topic_sequence_number"] == 1
    assert polled["items"][0]["item"]["value"] == {"text": "x"}
    assert tenant.http.get(path, params={"token": tenant.key, **query}).status_code == 200
    assert tenant.http.get(path, params={"token": tenant.key}, headers=token).status_code == 400
    assert tenant.http.get(path).status_code == 401
    missing = tenant.http.get("/topics/nowhere/a", headers=token)
    assert (missing.status_code, missing.reason_phrase) == (404, "Not Found")
    assert {"code", "message"} <= set(missing.json())
