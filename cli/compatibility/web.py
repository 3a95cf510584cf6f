"""Checks of what browsers and plain HTTP clients use."""

import base64
import secrets

import httpx
from momento_wire_types import cachepubsub_pb2 as wire

from api.framing import frame
from cli.compatibility.check import Check, expect, insist
from cli.compatibility.deployment import CALL_SECONDS, Deployment

PUBLISH = "/cache_client.pubsub.Pubsub/Publish"
SUBSCRIBE = "/cache_client.pubsub.Pubsub/Subscribe"
ORIGIN = "https://page.example"
ASKED = (
    "authorization", "agent", "cache", "content-type", "grpc-timeout", "read-concern", "runtime-version",
    "x-grpc-web", "x-user-agent",
)  # fmt: skip
TEXT, BINARY = "application/grpc-web-text", "application/grpc-web"


def _client(deployment: Deployment, *, http_api: bool = False) -> httpx.Client:
    addresses = deployment.addresses
    scheme = "https" if addresses.is_secure else "http"
    base_url = addresses.http if http_api else f"{scheme}://{addresses.cache}"
    return httpx.Client(base_url=base_url, timeout=CALL_SECONDS, trust_env=False)


def _web(deployment: Deployment, cache: str, kind: str) -> tuple[httpx.Response, bytes]:
    request = wire._PublishRequest(cache_name=cache, topic="web", value=wire._TopicValue(text="x"))
    body = frame(request.SerializeToString())
    headers = {"content-type": kind, "accept": kind, "origin": ORIGIN, "x-grpc-web": "1"}
    with _client(deployment) as client:
        answer = client.post(
            PUBLISH,
            content=base64.b64encode(body) if kind == TEXT else body,
            headers={**headers, "authorization": deployment.key},
        )
    return answer, _decoded(answer.content) if kind == TEXT else answer.content


def _decoded(text: bytes) -> bytes:
    """Return the bytes of frames that are padded one by one."""
    return b"".join(base64.b64decode(text[start : start + 4]) for start in range(0, len(text), 4))


def _both_forms(deployment: Deployment) -> None:
    for kind in (TEXT, BINARY):
        answer, body = _web(deployment, deployment.cache, kind)
        expect(f"HTTP's status of {kind}", answer.status_code, 200)
        insist("the content type answers the request's", holds=answer.headers["content-type"].startswith(kind))
        insist("the last frame has grpc-status 0", holds=b"grpc-status:0" in body.replace(b": ", b":"))


def _refusal(deployment: Deployment) -> None:
    answer, body = _web(deployment, f"nowhere-{secrets.token_hex(8)}", TEXT)
    expect("HTTP's status", answer.status_code, 200)
    status = answer.headers.get("grpc-status") or body.replace(b": ", b":").partition(b"grpc-status:")[2][:1].decode()
    expect("grpc-status", status, "5")
    exposed = {name.strip().lower() for name in answer.headers.get("access-control-expose-headers", "").split(",")}
    insist(f"a page may read the status, {exposed} is exposed", holds={"grpc-status", "grpc-message", "err"} <= exposed)


def _preflight(deployment: Deployment) -> None:
    asking = {"access-control-request-method": "POST", "access-control-request-headers": ",".join(ASKED)}
    with _client(deployment) as client:
        answer = client.options(SUBSCRIBE, headers={"origin": ORIGIN, **asking})
    insist(f"it is granted, {answer.status_code} came", holds=answer.is_success)
    allowed = {name.strip().lower() for name in answer.headers.get("access-control-allow-headers", "").split(",")}
    insist(f"all headers of SDKs are allowed, not {sorted(set(ASKED) - allowed)}", holds=set(ASKED) <= allowed)
    insist("any origin is", holds=answer.headers.get("access-control-allow-origin") in {"*", ORIGIN})


def _http_api(deployment: Deployment) -> None:
    path, token = f"/topics/{deployment.cache}/http-{secrets.token_hex(8)}", {"authorization": deployment.key}
    with _client(deployment, http_api=True) as client:
        answer = client.post(path, content="x", headers={**token, "content-type": "text/plain"})
        expect("the status of a publish", answer.status_code, 204)
        polled = client.get(path, params={"sequence_number": 1, "sequence_page": 0}, headers=token)
        expect("the status of a poll", polled.status_code, 200)
        expect("its first value", polled.json()["items"][0]["item"]["value"], {"text": "x"})
        expect("two tokens", client.get(path, params={"token": deployment.key}, headers=token).status_code, 400)
        expect("no token", client.get(path).status_code, 401)
        nowhere = client.get(f"/topics/nowhere-{secrets.token_hex(8)}/t", headers=token)
    expect("no such cache", (nowhere.status_code, "code" in nowhere.json()), (404, True))


CHECKS = (
    Check(72, "gRPC-Web is spoken as text and as binary", _both_forms),
    Check(73, "a refusal is HTTP 200, with the status where a page can read it", _refusal),
    Check(76, "a preflight is granted for the headers that SDKs send", _preflight),
    Check(79, "the HTTP API publishes, polls, and says what is wrong", _http_api),
)
