"""What is read from a request, and every way in which one is refused."""

import pytest
from momento_wire_types import permissionmessages_pb2 as wire

from api.account import LARGEST_MESSAGE_BYTES, Limits
from api.tokens import pack_credential
from tests.unit.credentials import account, explicit, token, topic_permission
from tests.unit.router.http.conftest import Http, body

READER = token(permissions=explicit(topic_permission(wire.TopicReadOnly)))


async def test_a_value_may_come_in_pieces(http: Http) -> None:
    answer = await http.request("POST", b"hel", b"lo").through(http.app)
    assert (answer.http_status, answer.body) == (204, b"")
    assert b'"text":"hello"' in (await http.poll()).body


@pytest.mark.parametrize("form", ["{}", "Bearer {}", "bearer  {}"])
async def test_a_token_may_follow_a_scheme(http: Http, form: str) -> None:
    assert (await http.publish(credential=form.format(token()))).http_status == 204


async def test_a_packed_credential_need_not_be_escaped_in_a_query(http: Http) -> None:
    packed = pack_credential("\u00fb\u00ff~~~>>>???", token())
    assert (await http.publish(credential="", query=f"token={packed}")).http_status == 204


@pytest.mark.parametrize("query", ["token=a&token=b", "token="])
async def test_two_tokens_are_refused_wherever_they_are(http: Http, query: str) -> None:
    answer = await http.publish(query=query)
    assert (answer.http_status, body(answer)["code"]) == (400, "invalid_argument")


@pytest.mark.parametrize(
    "query",
    [
        "sequence_number=-1",
        "sequence_number=",
        "sequence_number=1&sequence_number=2",
        "sequence_number=%C2%B2",
        "sequence_page=0000000000000000000000000000000000000001",
        f"sequence_number={2**63 - 1}",
        "&".join(f"a{number}=1" for number in range(40)),
    ],
)
async def test_a_query_that_cannot_be_understood_is_refused(http: Http, query: str) -> None:
    answer = await http.poll(query=query)
    assert (answer.http_status, body(answer)["code"]) == (400, "invalid_argument")


@pytest.mark.parametrize("last", ["7", "7:", ":7", "a:b", "1:2:3"])
async def test_an_id_that_is_none_of_ours_is_refused(http: Http, last: str) -> None:
    assert (await http.poll(last_event_id=last)).http_status == 400


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/topics/cache", 404),
        ("/topics/cache/", 404),
        ("/topics//topic", 404),
        ("/topics/other/topic", 404),
        ("/topics/cache/ ", 400),
        ("/topics/cache/a\nb", 400),
    ],
)
async def test_a_path_must_name_a_cache_and_a_topic(http: Http, path: str, status: int) -> None:
    for method in ("GET", "POST"):
        answer = await http.request(method, b"x", path=path).through(http.app)
        assert (answer.http_status, answer.headers[b"content-type"]) == (status, b"application/json")


async def test_a_topics_name_holds_all_that_follows_the_cache(http: Http) -> None:
    assert (await http.publish(path="/topics/cache/a/b/ü")).http_status == 204
    topics = [topic.name for node in http.world.nodes.values() for topic in node._topics]
    assert topics == ["a/b/ü"]


async def test_who_may_only_read_cannot_publish_and_is_told_before_the_body(http: Http) -> None:
    answer = await http.request("POST", b"x" * (LARGEST_MESSAGE_BYTES + 1), credential=READER).through(http.app)
    assert (answer.http_status, body(answer)["code"]) == (403, "permission_denied")


async def test_a_value_over_the_limit_is_refused(http: Http) -> None:
    answer = await http.publish(b"x" * (LARGEST_MESSAGE_BYTES + 1))
    assert (answer.http_status, body(answer)["code"]) == (413, "message_too_large")


async def test_what_is_over_a_rate_is_told_when_to_come_back(http: Http) -> None:
    await http.world.directory.put_account(account(version=2, limits=Limits(publishes_per_second=0, subscriptions=0)))
    published, polled = await http.publish(), await http.poll()
    assert (published.http_status, body(published)["code"]) == (429, "publish_rate_exceeded")
    assert (polled.http_status, body(polled)["code"]) == (429, "too_many_subscriptions")
    assert published.headers[b"retry-after"] == polled.headers[b"retry-after"] == b"1"


async def test_a_topic_whose_node_cannot_be_reached_is_unavailable(http: Http) -> None:
    http.world.nodes.clear()
    for answer in (await http.publish(), await http.poll()):
        assert (answer.http_status, body(answer)["code"]) == (503, "unavailable")
        assert answer.headers[b"retry-after"] == b"1"


@pytest.mark.parametrize("method", ["PUT", "DELETE", "HEAD", "PATCH"])
async def test_other_methods_are_told_which_there_are(http: Http, method: str) -> None:
    answer = await http.request(method).through(http.app)
    assert (answer.http_status, answer.headers[b"allow"]) == (405, b"GET, POST, OPTIONS")
    assert bool(answer.body) == (method != "HEAD")


async def test_options_tells_which_methods_there_are(http: Http) -> None:
    answer = await http.request("OPTIONS", credential="").through(http.app)
    assert (answer.http_status, answer.headers[b"allow"]) == (204, b"GET, POST, OPTIONS")
