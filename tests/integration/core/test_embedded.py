"""All tiers in one process, as the edge hosts them, without the edge."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from momento_wire_types import controlclient_pb2 as control

from api.framing import EMPTY, frame
from api.grpc_asgi import Scope
from api.tokens import Claims
from cli.embedded import Embedded
from cli.health import LIVENESS, READINESS
from cli.settings import EmbeddedSettings
from router.pubsub import PING, PUBLISH, SUBSCRIBE
from tests.unit.asgi import GRPC, Connection, publish_request, subscribe_request

CREATE_CACHE = "/control_client.ScsControl/CreateCache"
DELETE_CACHE = "/control_client.ScsControl/DeleteCache"
MOVED = (13, "Received RST_STREAM with code 0")


class Service:
    """The composed application, and what clients of a local one do with it."""

    def __init__(self, app: Embedded) -> None:
        self.app = app
        self.tasks: set[asyncio.Task[None]] = set()

    async def call(self, path: str, body: bytes) -> Connection:
        return await request(path, body).through(self.app)

    async def publish(self, text: str, cache: str = "cache", topic: str = "topic") -> Connection:
        return await self.call(PUBLISH, publish_request(cache, topic, text))

    def serve(self, client: Connection) -> None:
        async def run() -> None:
            await self.app(client.scope, client.receive, client.send)

        task = asyncio.create_task(run())
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    def session_token(self) -> str:
        """Return a token with the rights of a log-in to the local account."""
        claims = Claims("session", "local", "session_1", int(time.time()), int(time.time()) + 60)
        return self.app._accounts.keystore.sign(claims)

    async def subscribe(self) -> Connection:
        client = request(SUBSCRIBE, subscribe_request())
        self.serve(client)
        await client.until(lambda: bool(client.kinds))
        return client


def request(path: str, body: bytes) -> Connection:
    """Return a request as Momento's own SDKs send it to a local service: with an empty token."""
    client = Connection(path, [body], [GRPC, (b"authorization", b""), (b"te", b"trailers")])
    more: Scope = {
        "asgi": {"version": "3.0"},
        "http_version": "2",
        "scheme": "http",
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "server": ("127.0.0.1", 8080),
        "extensions": {"http.response.trailers": {}},
    }
    client.scope = {**client.scope, **more}
    return client


def settings_in(folder: Path) -> EmbeddedSettings:
    return EmbeddedSettings(
        data_dir=folder,
        host="127.0.0.1",
        port=8080,
        endpoint="localhost",
        tls=False,
        local=True,
        nodes=3,
        control_socket=folder / "control.sock",
        generation=1,
    )


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    """A local service with one cache."""
    app = Embedded.compose(settings_in(tmp_path))
    await app.start()
    made = Service(app)
    try:
        created = await made.call(CREATE_CACHE, cache_named("cache"))
        assert created.status in (0, 6)
        yield made
    finally:
        for task in list(made.tasks):
            task.cancel()
        await asyncio.gather(*made.tasks, return_exceptions=True)
        await app.close()


def cache_named(name: str) -> bytes:
    return frame(control._CreateCacheRequest(cache_name=name).SerializeToString())


async def test_a_value_goes_from_a_publisher_to_a_subscriber(service: Service) -> None:
    client = await service.subscribe()
    assert (await service.publish("hello")).status == 0
    await client.until(lambda: client.texts == ["hello"])


async def test_bounds_and_limits_of_a_cache_hold_when_they_are_answered(service: Service) -> None:
    for number in range(5):
        await service.publish(f"{number}")
    change = {"history": {"items": 2}, "limits": {"message_bytes": 10}}
    client = request("/v1/caches/cache", json.dumps(change).encode())
    client.scope = {**client.scope, "method": "PATCH", "headers": [(b"content-type", b"application/json")]}
    client.scope["headers"].append((b"authorization", service.session_token().encode()))
    assert (await client.through(service.app)).http_status == 200
    reader = request(SUBSCRIBE, subscribe_request("cache", "topic", 1))
    service.serve(reader)
    await reader.until(lambda: reader.texts == ["3", "4"])
    assert (await service.publish("x" * 11)).headers[b"err"] == b"request_size_limit_exceeded"
    assert (await service.publish("x" * 10)).status == 0


async def test_the_busiest_topics_are_those_that_were_published_to(service: Service) -> None:
    service.serve(reader := request(SUBSCRIBE, subscribe_request("cache", "hall")))
    await reader.until(lambda: bool(reader.kinds))
    for topic, value in (("lobby", "one"), ("lobby", "two"), ("hall", "x" * 2000)):
        assert (await service.publish(value, topic=topic)).status == 0
    client = request("/v1/caches/cache/topics", b"")
    session = (b"authorization", service.session_token().encode())
    client.scope = {**client.scope, "method": "GET", "headers": [session]}
    assert (await client.through(service.app)).http_status == 200
    lobby = {"topic": "lobby", "publishes": 2, "bytes": 6, "subscriptions": 0}
    hall = {"topic": "hall", "publishes": 1, "bytes": 2000, "subscriptions": 1}
    assert json.loads(client.body) == {"topics": [lobby, hall], "complete": True}


async def test_it_says_that_it_lives_and_that_it_serves(service: Service) -> None:
    how = {"tier": "embedded", "state": "serving"}
    ready = how | {"dependencies": {"database": "reachable"}}
    for path, body in ((LIVENESS, how), (READINESS, ready)):
        client = await Connection(path, headers=[], method="GET").through(service.app)
        assert (client.http_status, json.loads(client.body)) == (200, body)


async def test_a_cache_is_usable_as_soon_as_it_was_created_and_gone_as_soon_as_it_was_deleted(service: Service) -> None:
    assert (await service.publish("x", "new")).status == 5
    assert (await service.call(CREATE_CACHE, cache_named("new"))).status == 0
    assert (await service.publish("x", "new")).status == 0
    assert (await service.call(CREATE_CACHE, cache_named("new"))).status == 6
    assert (await service.call(DELETE_CACHE, cache_named("new"))).status == 0
    assert (await service.publish("x", "new")).status == 5


async def test_deleting_the_cache_ends_its_subscriptions(service: Service) -> None:
    client = await service.subscribe()
    assert (await service.call(DELETE_CACHE, cache_named("cache"))).status == 0
    await client.answered()
    assert client.status == 5


async def test_a_ping_is_answered(service: Service) -> None:
    assert (await service.call(PING, EMPTY)).status == 0


@pytest.mark.parametrize(
    "path", ["/cache_client.Scs/Get", "/control_client.ScsControl/NoSuchMethod", "/no.such.Service/Method", "/"]
)
async def test_a_method_that_is_not_offered_is_unimplemented(service: Service, path: str) -> None:
    client = await service.call(path, EMPTY)
    assert (client.status, client.is_trailers_only, len(client.starts)) == (12, True, 1)


@pytest.mark.parametrize("body", [b"", b"\0", frame(b"\xff\xff"), b"\7" + EMPTY[1:], EMPTY * 2])
async def test_a_control_request_that_is_none_is_refused_and_the_service_goes_on(service: Service, body: bytes) -> None:
    client = await service.call(CREATE_CACHE, body)
    assert client.status not in (None, 0)
    assert len(client.starts) == 1
    assert (await service.publish("x")).status == 0


async def test_every_path_answers_options(service: Service) -> None:
    for path in ("/", "/v1/signup", CREATE_CACHE):
        client = await Connection(path, headers=[], method="OPTIONS").through(service.app)
        assert client.http_status in (200, 204)


async def test_a_drain_ends_all_streams_spread_over_its_time_and_lets_calls_through(service: Service) -> None:
    clients = [await service.subscribe() for _ in range(10)]
    assert service.app.hosted.status().streams == 10
    draining = asyncio.create_task(service.app.hosted.drain(0.5))
    await clients[0].until(
        lambda: any(client.status is not None for client in clients) or clients[0].status is not None
    )
    assert (await service.publish("still served")).status == 0
    await draining
    for client in clients:
        await client.answered()
        assert (client.status, client.message) == MOVED
    ready = await Connection(READINESS, headers=[], method="GET").through(service.app)
    assert ready.http_status == 503
    assert service.app.hosted.status().streams == 0


async def test_its_publishes_may_be_answered_at_once(service: Service) -> None:
    assert service.app.hosted.at_once == service.app._router_app.at_once


@pytest.mark.parametrize(("scheme", "header"), [("http", None), ("https", "max-age=31536000")])
async def test_browsers_come_by_tls_alone_where_something_in_front_ends_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scheme: str, header: str | None
) -> None:
    monkeypatch.setenv("TIDINGS_PUBLIC_URL", f"{scheme}://tidings.test")
    app = Embedded.compose(settings_in(tmp_path))
    await app.start()
    try:
        transport = httpx.ASGITransport(app=cast("Any", app))
        async with httpx.AsyncClient(transport=transport, base_url="http://tidings.test") as browser:
            assert (await browser.get("/login")).headers.get("strict-transport-security") == header
    finally:
        await app.close()
