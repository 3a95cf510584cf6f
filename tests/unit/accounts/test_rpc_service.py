import asyncio
from typing import cast

import pytest
from google.protobuf.message import Message
from momento_wire_types import controlclient_pb2 as wire

from accounts.rpc.service import Context, Handler, Method, Service
from api.asgi import Guard
from api.errors import MessageTooLarge
from api.framing import HEADER_BYTES, frame
from api.grpc_asgi import ASGIApp
from api.grpc_asgi import Message as Event
from tests.unit.asgi import Connection


async def call(handler: Handler, client: Connection | None = None) -> Connection:
    method = Method(wire._CreateCacheRequest, wire._CreateCacheResponse, handler)
    client = client or Connection(
        "/a.Service/Do", [frame(wire._CreateCacheRequest(cache_name="x").SerializeToString())]
    )
    client.scope = {
        **client.scope,
        "query_string": b"",
        "http_version": "2",
        "extensions": {"http.response.trailers": {}},
    }
    return await client.through(Guard(cast("ASGIApp", Service("a.Service", {"Do": method}))))


async def test_an_answer_is_a_message_and_ok() -> None:
    async def handler(request: wire._CreateCacheRequest, _: Context) -> Message:
        assert request.cache_name == "x"
        return wire._CreateCacheResponse()

    answer = await call(handler)
    assert (answer.status, answer.body) == (0, bytes(HEADER_BYTES))


async def test_what_is_not_foreseen_is_logged_and_says_nothing(caplog: pytest.LogCaptureFixture) -> None:
    async def handler(_: object, __: Context) -> Message:
        raise RuntimeError("password is hunter2")

    answer = await call(handler)
    assert (answer.status, answer.message, answer.is_trailers_only) == (13, "internal error", True)
    assert "hunter2" in caplog.text


async def test_an_error_of_ours_has_its_status_and_its_err() -> None:
    async def handler(_: object, __: Context) -> Message:
        raise MessageTooLarge("100 % too large")

    answer = await call(handler)
    assert (answer.status, answer.headers[b"err"]) == (8, b"request_size_limit_exceeded")
    assert answer.message.replace("%20", " ") == "100 %25 too large"


class Busy(Connection):
    """Counts how often it is asked for more, and answers at once, as the edge does."""

    asked = 0

    async def receive(self) -> Event:
        self.asked += 1
        await asyncio.sleep(0)
        return await super().receive()


async def test_a_client_is_not_asked_for_more_while_its_call_takes_its_time() -> None:
    async def handler(_: object, __: Context) -> Message:
        for _turn in range(1000):
            await asyncio.sleep(0)
        return wire._CreateCacheResponse()

    client = Busy("/a.Service/Do", [frame(b"")])
    await call(handler, client)
    assert client.status == 0
    assert client.asked <= 2
