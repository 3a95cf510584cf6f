"""The inspector's stream: what comes over it, who gets it, and how it ends."""

import asyncio
import json

from router.http.inspect import InspectApi
from tests.patience import patient
from tests.unit.asgi import Connection
from tests.unit.credentials import account, explicit, token, topic_permission
from tests.unit.router.http.conftest import Http, body
from tests.unit.router.http.test_events import events, named


def inspect(http: Http, method: str = "GET", path: str = "/inspect/cache", **request: str) -> Connection:
    client = http.request(method, path=path, **request)
    http.world.serve(client, InspectApi(http.world.router))
    return client


async def begun(client: Connection) -> Connection:
    await client.until(lambda: b"heartbeat" in client.body)
    return client


async def refused(http: Http, method: str = "GET", path: str = "/inspect/cache", **request: str) -> Connection:
    """Return an answer that is complete at once."""
    return await http.request(method, path=path, **request).through(InspectApi(http.world.router))


async def test_what_happens_comes_as_events(http: Http) -> None:
    client = await begun(inspect(http))
    assert client.headers[b"content-type"] == b"text/event-stream; charset=utf-8"
    await http.publish(b"hello")
    await client.until(lambda: bool(named(client, "published")))
    told = json.loads(named(client, "published")[0]["data"])
    assert (told["topic"], told["text"], told["sequence"]) == ("topic", "hello", 1)
    some = token(permissions=explicit(topic_permission(topic="one")))
    await http.publish(credential=some)
    await client.until(lambda: bool(named(client, "refused")))
    assert json.loads(named(client, "refused")[0]["data"])["code"] == "permission_denied"
    client.leave()


async def test_the_token_may_be_in_the_query(http: Http) -> None:
    client = await begun(inspect(http, credential="", query=f"token={token()}"))
    assert events(client) == [{"retry": "500"}]
    client.leave()


async def test_who_may_not_gets_the_reason(http: Http) -> None:
    some = token(permissions=explicit(topic_permission(topic="one")))
    for status, request in (
        (401, {"credential": ""}),
        (403, {"credential": some}),
        (404, {"path": "/inspect/nowhere"}),
        (404, {"path": "/inspect/"}),
        (404, {"path": "/inspect/cache/topic"}),
        (405, {"method": "POST"}),
    ):
        client = await refused(http, **request)
        assert client.http_status == status
        assert {"code", "message"} == body(client).keys()


async def test_a_deleted_cache_ends_it(http: Http) -> None:
    client = await begun(inspect(http))
    await http.world.directory.put_account(account(version=2, caches=()))
    await client.until(lambda: bool(named(client, "error")))
    assert json.loads(named(client, "error")[0]["data"])["code"] == "not_found"
    assert not http.world.router.taps.by_cache


async def test_a_drain_ends_it_without_a_word(http: Http) -> None:
    client = await begun(inspect(http))
    http.world.router.drain()
    await client.until(lambda: not client.sent[-1].get("more_body"))
    assert not named(client, "error")
    again = await refused(http)
    assert events(again) == [{"retry": "500"}]


async def test_a_client_that_left_is_told_nothing_more(http: Http) -> None:
    client = await begun(inspect(http))
    client.leave()
    async with asyncio.timeout(patient(5)):
        while http.world.router.taps.by_cache:
            await asyncio.sleep(0.01)
