"""A long poll: what it waits for, what it answers, and when it gives up."""

import asyncio
import json
from typing import Any

from api.grpc_asgi import Message
from tests.unit.asgi import Connection
from tests.unit.router.http.conftest import HEARTBEAT_SECONDS, Http, body
from tests.unit.router.parts import NOTHING_LEFT


def items(client: Connection) -> list[Any]:
    return json.loads(client.body)["items"]


async def test_a_poll_of_a_silent_topic_ends_with_nothing(http: Http) -> None:
    answer = await http.poll()
    assert (answer.http_status, body(answer)) == (200, {"items": []})
    assert answer.headers[b"cache-control"] == b"no-store"
    assert http.world.leftovers == NOTHING_LEFT


async def test_a_poll_brings_all_that_is_there(http: Http) -> None:
    for word in (b"one", b"two", b"three"):
        await http.publish(word)
    answer = await http.poll(query="sequence_number=2")
    assert [each["item"]["value"]["text"] for each in items(answer)] == ["two", "three"]


async def test_without_a_number_a_poll_begins_with_the_newest_item(http: Http) -> None:
    await http.publish(b"one")
    await http.publish(b"two")
    assert [each["item"]["value"]["text"] for each in items(await http.poll())] == ["two"]


async def test_a_poll_waits_over_heartbeats_for_the_first_item(http: Http) -> None:
    client, task = http.serve(query="sequence_number=1")
    await asyncio.sleep(3 * HEARTBEAT_SECONDS)
    assert not client.sent
    await http.publish(b"at last")
    await task
    assert [each["item"]["value"]["text"] for each in items(client)] == ["at last"]


async def test_after_a_discontinuity_alone_the_number_after_it_waits(http: Http) -> None:
    await http.publish()
    history = http.world.owner(http.world.topic())._topics[http.world.topic()].history
    history.drop_oldest()
    (told,) = items(await http.poll(query="sequence_number=9"))
    gap = told["discontinuity"]
    assert (gap["last_topic_sequence"], gap["new_topic_sequence"]) == (8, 1)
    query = f"sequence_number={gap['new_topic_sequence'] + 1}&sequence_page={gap['new_sequence_page']}"
    client, task = http.serve(query=query)
    await http.opened()
    await http.publish(b"next")
    await task
    assert [each["item"]["topic_sequence_number"] for each in items(client)] == [2]


async def test_a_client_that_left_frees_its_poll_within_two_heartbeats(http: Http) -> None:
    client, task = http.serve()
    await http.opened()
    client.leave()
    async with asyncio.timeout(2 * HEARTBEAT_SECONDS + 0.1):
        await task
    assert (client.sent, http.world.leftovers) == ([], NOTHING_LEFT)


async def test_a_server_that_tells_of_leaving_only_when_it_happens_serves_polls_too(http: Http) -> None:
    client = http.request("GET", query="sequence_number=1")
    first = True

    async def receive() -> Message:
        nonlocal first
        if first:
            first = False
            return await client.receive()
        await asyncio.Event().wait()
        raise AssertionError

    polling = asyncio.create_task(http.app(client.scope, receive, client.send))
    await http.opened()
    await http.publish(b"here")
    await polling
    assert [each["item"]["value"]["text"] for each in items(client)] == ["here"]


async def test_a_drain_ends_a_poll_so_that_its_client_asks_again(http: Http) -> None:
    client, task = http.serve()
    await http.opened()
    http.world.router.drain()
    http.world.router.end_some(10)
    await task
    assert (client.http_status, body(client)) == (200, {"items": []})
    refused = await http.poll()
    assert (refused.http_status, body(refused)["code"]) == (503, "unavailable")
    assert "RST_STREAM" not in refused.body.decode()


async def test_an_account_that_is_removed_ends_a_poll_with_the_reason(http: Http) -> None:
    client, task = http.serve()
    await http.opened()
    await http.world.directory.remove_account("acme")
    await task
    assert (client.http_status, body(client)["code"]) == (401, "unauthenticated")
