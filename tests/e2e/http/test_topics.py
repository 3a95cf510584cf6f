"""The HTTP API of topics, against the running service."""

import base64
import threading
from collections.abc import Callable, Iterator
from uuid import uuid4

import httpx
import pytest

from api.tokens import pack_credential
from tests.e2e.http.conftest import Api
from tests.patience import patient


@pytest.fixture
def topic() -> str:
    return f"topic-{uuid4()}"


def texts(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [each["item"]["value"]["text"] for each in answer.json()["items"]]


def test_a_published_text_is_polled(api: Api, topic: str) -> None:
    assert api.publish(topic, "grüß dich".encode()).status_code == 204
    (message,) = api.poll(topic).json()["items"]
    assert message["item"]["topic_sequence_number"] == 1
    assert message["item"]["sequence_page"] > 0
    assert message["item"]["value"] == {"text": "grüß dich"}


@pytest.mark.parametrize(
    ("kind", "body", "value"),
    [
        ("text/plain", b"a", {"text": "a"}),
        ("application/x-www-form-urlencoded", b"a=b", {"text": "a=b"}),
        ("application/json", b'"a string"', {"text": "a string"}),
        ("application/json", b'{"a": 1}', {"text": '{"a": 1}'}),
        ("application/octet-stream", b"\xff\x00", {"binary": base64.b64encode(b"\xff\x00").decode()}),
        ("text/plain", b"", {"text": ""}),
    ],
)
def test_the_content_type_says_what_the_value_is(
    api: Api, topic: str, kind: str, body: bytes, value: dict[str, str]
) -> None:
    assert api.publish(topic, body, kind).status_code == 204
    assert api.poll(topic).json()["items"][0]["item"]["value"] == value


def test_a_poll_waits_for_the_first_item(api: Api, topic: str) -> None:
    answers: list[httpx.Response] = []
    waiting = threading.Thread(target=lambda: answers.append(api.poll(topic, sequence_number=1)))
    waiting.start()
    waiting.join(0.5)
    assert waiting.is_alive()
    api.publish(topic, b"at last")
    waiting.join(5)
    assert [texts(answer) for answer in answers] == [["at last"]]


def test_a_poll_goes_on_where_the_last_one_ended(api: Api, topic: str) -> None:
    for word in (b"one", b"two", b"three"):
        api.publish(topic, word)
    first = api.poll(topic, sequence_number=1)
    assert texts(first) == ["one", "two", "three"]
    last = first.json()["items"][-1]["item"]
    api.publish(topic, b"four")
    query = {"sequence_number": last["topic_sequence_number"] + 1, "sequence_page": last["sequence_page"]}
    assert texts(api.poll(topic, **query)) == ["four"]


def test_a_number_that_is_not_there_comes_with_a_discontinuity(api: Api, topic: str) -> None:
    api.publish(topic, b"one")
    told, item = api.poll(topic, sequence_number=300, sequence_page=7).json()["items"]
    page = item["item"]["sequence_page"]
    assert told == {"discontinuity": {"last_topic_sequence": 299, "new_topic_sequence": 1, "new_sequence_page": page}}


class Events:
    """A stream of Server-Sent Events."""

    def __init__(self, answer: httpx.Response) -> None:
        self._lines = answer.iter_lines()

    def next(self) -> dict[str, str]:
        """Return the next event that is not a comment."""
        event: dict[str, str] = {}
        for line in self._lines:
            if not line and "event" in event:
                return event
            name, _, value = line.partition(": ")
            event |= {name: value} if name else {}
        raise AssertionError("the stream ended")


Stream = Callable[..., Events]
"""Opens a stream of a topic, with further headers."""


@pytest.fixture
def streamed(api: Api) -> Iterator[Stream]:
    with httpx.Client(timeout=patient(30)) as client:
        opened: list[httpx.Response] = []

        def stream(topic: str, **headers: str) -> Events:
            accept = {"authorization": api.key, "accept": "text/event-stream", **headers}
            answer = client.send(client.build_request("GET", api.url(topic), headers=accept), stream=True)
            assert answer.headers["content-type"].startswith("text/event-stream")
            opened.append(answer)
            return Events(answer)

        yield stream
        for answer in opened:
            answer.close()


def test_a_stream_brings_items_and_resumes_by_the_last_events_id(api: Api, topic: str, streamed: Stream) -> None:
    events = streamed(topic)
    for word in (b"one", b"two", b"three"):
        api.publish(topic, word)
    first, second = events.next(), events.next()
    assert (first["event"], '"text":"one"' in first["data"]) == ("item", True)
    again = streamed(topic, **{"last-event-id": second["id"]}).next()
    assert '"text":"three"' in again["data"]
    page, _, number = again["id"].partition(":")
    assert (int(page) > 0, number) == (True, "3")


def test_a_deleted_cache_ends_a_stream_with_the_reason(api: Api, topic: str) -> None:
    headers = {"authorization": api.key}
    assert httpx.post(f"{api.service.url}/v1/caches", json={"name": "short"}, headers=headers).status_code == 201
    url = api.url(topic, "short")
    with httpx.stream("GET", url, headers={**headers, "accept": "text/event-stream"}, timeout=patient(20)) as answer:
        events = Events(answer)
        assert httpx.post(url, content=b"x", headers=headers).status_code == 204
        assert events.next()["event"] == "item"
        assert httpx.delete(f"{api.service.url}/v1/caches/short", headers=headers).status_code == 204
        last = events.next()
    assert (last["event"], "not_found" in last["data"]) == ("error", True)


def test_a_token_may_come_in_the_query_packed_or_with_bearer_but_once(api: Api, topic: str) -> None:
    url = api.url(topic)
    assert httpx.post(url, content=b"x", params={"token": api.key}).status_code == 204
    assert httpx.post(url, content=b"x", params={"token": pack_credential("host", api.key)}).status_code == 204
    assert httpx.post(url, content=b"x", headers={"authorization": f"Bearer {api.key}"}).status_code == 204
    both = httpx.post(url, content=b"x", params={"token": api.key}, headers={"authorization": api.key})
    assert (both.status_code, both.json()["code"]) == (400, "invalid_argument")


def test_a_topics_name_may_hold_slashes_blanks_and_any_letters(api: Api) -> None:
    for name in ("a/b/c", "with%20blank", "%C3%BC%E2%82%AC", "a:b*c"):
        assert api.publish(name, name.encode()).status_code == 204
        assert texts(api.poll(name)) == [name]


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/topics/nope/t", 404, "not_found"),
        ("/topics/http", 404, "not_found"),
        ("/topics/%20/t", 400, "invalid_argument"),
        ("/topics/http/t?sequence_number=-1", 400, "invalid_argument"),
        ("/topics/http/t?sequence_number=1e3", 400, "invalid_argument"),
        ("/topics/http/t?sequence_page=99999999999999999999", 400, "invalid_argument"),
    ],
)
def test_a_wrong_request_names_what_is_wrong(api: Api, path: str, status: int, code: str) -> None:
    answer = httpx.get(f"{api.service.url}{path}", headers={"authorization": api.key})
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.json()["message"]


@pytest.mark.parametrize("token", ["", "garbage", "a.b.c"])
def test_without_a_valid_token_nothing_is_served(api: Api, topic: str, token: str) -> None:
    headers = {"authorization": token} if token else {}
    assert httpx.post(api.url(topic), content=b"x", headers=headers).status_code == 401
    assert httpx.get(api.url(topic), headers=headers).status_code == 401


def test_text_that_is_no_utf8_and_values_too_large_are_refused(api: Api, topic: str) -> None:
    assert api.publish(topic, b"\xff").status_code == 400
    assert api.publish(topic, b"{", "application/json").status_code == 400
    assert api.publish(topic, b"x" * (4 * 1024 * 1024)).status_code == 413


def test_other_methods_are_not_allowed(api: Api, topic: str) -> None:
    for method in ("PUT", "DELETE", "PATCH"):
        assert httpx.request(method, api.url(topic), headers={"authorization": api.key}).status_code == 405
