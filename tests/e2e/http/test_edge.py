"""The HTTP API behind the real edge: paths, cross-origin pages, clients that leave, logs, restarts."""

import socket
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import pytest

from tests.e2e.http.conftest import Api, streams
from tests.e2e.service import until, within

HEARTBEAT_SECONDS = 5.0


@pytest.fixture
def topic() -> str:
    return f"topic-{uuid4()}"


def leave(api: Api, topic: str, accept: str) -> None:
    """Ask for what comes on a topic, wait until that is open, and hang up."""
    before = streams(api.service)
    url = urlsplit(api.service.url)
    request = (
        f"GET /topics/{api.cache}/{topic} HTTP/1.1\r\nhost: x\r\nauthorization: {api.key}\r\naccept: {accept}\r\n\r\n"
    )
    with socket.create_connection((url.hostname, url.port or 80)) as connection:
        connection.sendall(request.encode())
        until(lambda: streams(api.service) == before + 1, what="an open subscription")


@pytest.mark.parametrize("accept", ["application/json", "text/event-stream"])
def test_a_client_that_hung_up_is_let_go_within_two_heartbeats(api: Api, topic: str, accept: str) -> None:
    before = streams(api.service)
    leave(api, topic, accept)
    within(lambda: streams(api.service) <= before, 2 * HEARTBEAT_SECONDS + 1, "the end of the subscription")


@pytest.mark.parametrize(
    ("path", "status"),
    [("/topics/http/a%2fb", 400), ("/topics/http/%ff", 403), ("/topics/http/%00", 400), ("/topics/http", 404)],
)
def test_a_path_that_is_no_topics_is_answered_at_once(api: Api, path: str, status: int) -> None:
    with socket.create_connection((urlsplit(api.service.url).hostname, api.service.port), timeout=5) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nhost: x\r\nauthorization: {api.key}\r\n\r\n".encode())
        assert int(connection.makefile("rb").readline().split()[1]) == status


def test_head_is_answered_without_a_body(api: Api, topic: str) -> None:
    with httpx.Client(base_url=api.service.url) as client:
        for path, status in ((f"/topics/{api.cache}/{topic}", 405), ("/healthz", 200), ("/v1/nothing", 404)):
            for _ in range(2):  # a body would be read as the next answer's beginning
                answer = client.head(path)
                assert (answer.status_code, answer.content) == (status, b"")


def test_a_page_of_another_origin_may_publish_and_read_refusals(api: Api, topic: str) -> None:
    asked = {"origin": "https://app.test", "access-control-request-method": "POST"}
    asked["access-control-request-headers"] = "authorization,last-event-id"
    assert httpx.options(api.url(topic), headers=asked).headers["access-control-allow-origin"] == "https://app.test"
    refused = httpx.get(api.url(topic), headers={"origin": "https://app.test"})
    assert (refused.status_code, refused.headers["access-control-allow-origin"]) == (401, "https://app.test")


def test_a_token_in_a_query_is_in_no_log(api: Api, topic: str) -> None:
    for path in (topic, f"{topic}/%2f", f"{topic}?x=1&"):
        httpx.put(f"{api.url(path)}{'' if '?' in path else '?'}token={api.key}")
    httpx.post(api.url(topic), params={"token": api.key}, content=b"\xff")
    log = api.service.data / "run" / "access.log"
    until(lambda: log.read_text().count(topic) == 4, what="the lines of these requests")
    secret = api.key.rpartition(".")[2]
    assert secret not in api.service.errors
    written = [path for path in (api.service.data / "run").rglob("*") if path.is_file()]
    assert [path for path in written if secret in path.read_text(errors="replace")] == []
