"""Server-Sent Events: ids to resume by, heartbeats as comments, and the end."""

import asyncio

from api.link import Resumed
from tests.unit.asgi import Connection
from tests.unit.credentials import account
from tests.unit.router.http.conftest import HEARTBEAT_SECONDS, Http
from tests.unit.router.parts import NOTHING_LEFT

SSE = "text/event-stream"


def events(client: Connection) -> list[dict[str, str]]:
    """Return what came, without comments."""
    blocks = [block for block in client.body.decode().split("\n\n") if block and not block.startswith(":")]
    return [dict(line.split(": ", 1) for line in block.split("\n")) for block in blocks]


def named(client: Connection, name: str) -> list[dict[str, str]]:
    return [event for event in events(client) if event.get("event") == name]


async def test_a_stream_begins_at_once_and_says_when_to_come_back(http: Http) -> None:
    client, _ = http.serve(accept=SSE)
    await client.until(lambda: b"heartbeat" in client.body)
    assert client.headers[b"content-type"] == b"text/event-stream; charset=utf-8"
    assert events(client) == [{"retry": "500"}]
    client.leave()


async def test_a_silent_stream_gets_comments(http: Http) -> None:
    client, _ = http.serve(accept=SSE)
    await client.until(lambda: client.body.count(b": heartbeat\n\n") > 3)
    assert not named(client, "item")
    client.leave()


async def test_an_id_resumes_with_what_follows_it(http: Http) -> None:
    for word in (b"one", b"two", b"three"):
        await http.publish(word)
    first, _ = http.serve(accept=SSE, query="sequence_number=1")
    await first.until(lambda: len(named(first, "item")) == 3)
    first.leave()
    again, _ = http.serve(accept=SSE, last_event_id=named(first, "item")[1]["id"], query="sequence_number=1")
    await again.until(lambda: len(named(again, "item")) == 1)
    assert '"text":"three"' in named(again, "item")[0]["data"]
    again.leave()


async def test_the_id_of_a_discontinuity_resumes_with_the_first_item_after_it(http: Http) -> None:
    await http.publish(b"one")
    first, _ = http.serve(accept=SSE, last_event_id="7:40")
    await first.until(lambda: len(named(first, "item")) == 1)
    first.leave()
    (told,) = named(first, "discontinuity")
    assert '"last_topic_sequence":40,"new_topic_sequence":1' in told["data"]
    again, _ = http.serve(accept=SSE, last_event_id=told["id"])
    await again.until(lambda: len(named(again, "item")) == 1)
    assert not named(again, "discontinuity")
    again.leave()


async def test_text_with_line_ends_stays_one_event(http: Http) -> None:
    await http.publish(b"a\r\nb\n\nevent: error\n\n")
    client, _ = http.serve(accept=SSE)
    await client.until(lambda: len(named(client, "item")) == 1)
    assert not named(client, "error")
    client.leave()


async def test_a_stream_whose_cache_is_deleted_ends_with_the_reason(http: Http) -> None:
    client, task = http.serve(accept=SSE)
    await client.until(lambda: b"heartbeat" in client.body)
    await http.world.directory.put_account(account(version=2, caches=()))
    await task
    assert events(client)[-1] == {
        "event": "error",
        "data": '{"code":"not_found","message":"cache \'cache\' does not exist"}',
    }
    assert client.sent[-1]["more_body"] is False


async def test_a_drained_stream_just_ends(http: Http) -> None:
    client, task = http.serve(accept=SSE)
    await client.until(lambda: b"heartbeat" in client.body)
    http.world.router.drain()
    http.world.router.end_some(10)
    await task
    assert (named(client, "error"), client.sent[-1]["more_body"]) == ([], False)


async def test_a_router_that_drains_sends_an_event_source_elsewhere(http: Http) -> None:
    http.world.router.drain()
    client = await http.poll(accept=SSE)
    assert (client.http_status, client.body) == (200, b"retry: 500\n\n")


async def test_a_client_that_left_frees_its_stream_within_two_heartbeats(http: Http) -> None:
    client, task = http.serve(accept=SSE)
    await client.until(lambda: b"heartbeat" in client.body)
    client.leave()
    async with asyncio.timeout(2 * HEARTBEAT_SECONDS + 0.1):
        await task
    assert http.world.leftovers == NOTHING_LEFT


async def test_a_failure_in_a_stream_is_told_and_says_nothing_of_itself(http: Http) -> None:
    client, task = http.serve(accept=SSE)
    await client.until(lambda: b"heartbeat" in client.body)
    (subscription,) = http.world.router.subscriptions

    async def failing(number: int, page: int) -> Resumed:
        raise ZeroDivisionError

    subscription._read, subscription._read_at = failing, (1, 1)
    subscription.wake()
    await task
    assert events(client)[-1] == {"event": "error", "data": '{"code":"internal","message":"internal error"}'}
    assert len(client.starts) == 1
