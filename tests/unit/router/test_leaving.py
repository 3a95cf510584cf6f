"""Nothing keeps a client that has left: not the exception that the edge has for all of them, nor why a stream ended."""

import asyncio
import gc
from collections.abc import Awaitable, Callable, Iterator

import pytest

from api.errors import StreamMoved
from router.app import RouterApp
from router.pubsub import PUBLISH, SUBSCRIBE
from router.subscription import Subscription
from tests.unit.asgi import GONE, Connection, publish_request, subscribe_request
from tests.unit.router.parts import World, connection


@pytest.fixture(autouse=True)
def without_cycles() -> Iterator[None]:
    """Nobody looks for cycles meanwhile, which a service does after long times only."""
    gc.collect()
    gc.disable()
    GONE.__traceback__ = None
    yield
    gc.enable()


def left(acme: World) -> list[Subscription]:
    """Return the subscriptions of this router that somebody holds still."""
    found = [each for each in gc.get_objects() if isinstance(each, Subscription)]
    return [each for each in found if each.feed.gaps is acme.router.feeds.gaps]


async def served(acme: World, client: Connection) -> "asyncio.Task[None]":
    task = acme.serve(client, RouterApp(acme.router))
    await client.until(lambda: client.kinds == ["heartbeat"])
    return task


async def an_item(acme: World) -> None:
    await acme.publish()


async def a_heartbeat(acme: World) -> None:
    await asyncio.sleep(2 * acme.router.settings.heartbeat_seconds)


@pytest.mark.parametrize("comes", [an_item, a_heartbeat])
async def test_a_stream_whose_client_left_before_something_came(
    acme: World, comes: Callable[[World], Awaitable[None]]
) -> None:
    client = connection(SUBSCRIBE, subscribe_request())
    task = await served(acme, client)
    client.leave()
    await comes(acme)
    await task
    assert GONE.__traceback__ is None
    del task
    assert left(acme) == []


async def test_a_publisher_that_left(acme: World) -> None:
    client = connection(PUBLISH, publish_request())
    client.leave()
    client.receive = Connection(pieces=[publish_request()]).receive
    await client.through(RouterApp(acme.router))
    assert GONE.__traceback__ is None


async def test_a_stream_that_was_ended(acme: World) -> None:
    client = connection(SUBSCRIBE, subscribe_request())
    task = await served(acme, client)
    acme.router.end_some(1)
    await task
    assert client.status == StreamMoved().grpc
    del task
    assert left(acme) == []


@pytest.mark.parametrize("accept", ["text/event-stream", "application/json"])
async def test_a_client_of_http_that_left(acme: World, accept: str) -> None:
    authorization = next(value for name, value in connection("", b"").scope["headers"] if name == b"authorization")
    headers = [(b"authorization", authorization), (b"accept", accept.encode())]
    client = Connection("/topics/cache/topic", [b""], headers, method="GET")
    task = acme.serve(client, RouterApp(acme.router))
    while not acme.router.subscriptions:
        await asyncio.sleep(0)
    client.leave()
    await acme.publish()
    await asyncio.wait([task], timeout=60)
    assert task.done()
    assert GONE.__traceback__ is None
