"""A request that is cut off at any of its awaits leaves nothing behind."""

import asyncio
from collections.abc import Awaitable, Generator
from contextlib import suppress

import pytest

from api.account import Limits
from api.grpc_asgi import ASGIApp, Message
from router.pubsub import PUBLISH, SUBSCRIBE
from router.router import RouterSettings
from tests.unit.asgi import Connection, publish_request, subscribe_request
from tests.unit.credentials import account
from tests.unit.router.parts import NOTHING_LEFT, World, connection, world

SUBSCRIBE_STEPS, PUBLISH_STEPS = 12, 5


class Stepped(Connection):
    """A connection on which each receive and each send takes one more turn of the loop."""

    async def receive(self) -> Message:
        await asyncio.sleep(0)
        return await super().receive()

    async def send(self, event: Message) -> None:
        await asyncio.sleep(0)
        await super().send(event)


def stepped(path: str, body: bytes) -> Stepped:
    plain = connection(path, body)
    return Stepped(path, [body[:3], body[3:]], plain.scope["headers"])


class Steps:
    """Drives a coroutine from await to await, so that a test can stop at each."""

    def __init__(self, work: Awaitable[None]) -> None:
        self._work: Generator[object, None, None] = work.__await__()

    def run(self, count: int) -> bool:
        """Take so many steps; return whether it is still running."""
        for _ in range(count):
            try:
                awaited = next(self._work)
            except StopIteration:
                return False
            if isinstance(awaited, asyncio.Future):
                awaited._asyncio_future_blocking = False
        return True

    def cancel(self) -> None:
        """Cut it off where it stands."""
        with suppress(asyncio.CancelledError, StopIteration):
            self._work.throw(asyncio.CancelledError())


async def cut_off(made: World, app: ASGIApp, client: Connection, steps: int) -> bool:
    """Cancel a handler at one of its awaits; return whether it ran that long."""
    handler = Steps(app(client.scope, client.receive, client.send))
    is_running = handler.run(steps)
    if is_running:
        handler.cancel()
    return is_running


@pytest.mark.parametrize("step", range(1, SUBSCRIBE_STEPS))
async def test_a_subscribe_that_is_cut_off_at_any_await_leaves_nothing(acme: World, step: int) -> None:
    await acme.publish()
    assert await cut_off(acme, acme.pubsub.subscribe, stepped(SUBSCRIBE, subscribe_request()), step)
    assert acme.leftovers == NOTHING_LEFT
    assert not asyncio.all_tasks() - {asyncio.current_task()}


@pytest.mark.parametrize("step", range(1, SUBSCRIBE_STEPS))
async def test_it_leaves_the_others_of_its_topic_alone(acme: World, step: int) -> None:
    other = acme.subscribe()
    await other.until(lambda: other.kinds == ["heartbeat"])
    before = acme.leftovers
    await cut_off(acme, acme.pubsub.subscribe, stepped(SUBSCRIBE, subscribe_request()), step)
    assert acme.leftovers == before
    await acme.publish()
    await other.until(lambda: other.numbers == [1])


@pytest.mark.parametrize("step", range(1, PUBLISH_STEPS))
async def test_a_publish_that_is_cut_off_at_any_await_is_published_once_or_not_at_all(acme: World, step: int) -> None:
    await cut_off(acme, acme.pubsub.publish, stepped(PUBLISH, publish_request()), step)
    assert acme.leftovers == NOTHING_LEFT
    client = await acme.publish()
    assert client.status == 0
    resumed = await acme.open(number=1)
    assert resumed.feed.log.last in {1, 2}


async def test_the_steps_reach_into_the_running_stream(acme: World) -> None:
    client = stepped(SUBSCRIBE, subscribe_request())
    handler = Steps(acme.pubsub.subscribe(client.scope, client.receive, client.send))
    assert handler.run(SUBSCRIBE_STEPS - 1)
    assert client.kinds == ["heartbeat"]
    assert acme.leftovers == {"feeds": 1, "subscriptions": 1, "counted": 1, "watchers": 1}
    handler.cancel()


async def test_subscriptions_that_are_cut_off_never_use_up_the_limit() -> None:
    small = await world(RouterSettings(), account(limits=Limits(subscriptions=2)))
    for round_number in range(30):
        client = stepped(SUBSCRIBE, subscribe_request())
        await cut_off(small, small.pubsub.subscribe, client, 1 + round_number % (SUBSCRIBE_STEPS - 1))
    assert small.leftovers == NOTHING_LEFT


async def test_a_cancelled_wait_is_not_woken_later(acme: World) -> None:
    subscription = await acme.open()
    await subscription.next()
    for _ in range(3):
        waiting = asyncio.ensure_future(subscription.next())
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
    assert not subscription.feed._waiting
    await acme.publish()
    assert len(await subscription.next()) > 0


@pytest.mark.parametrize("fails_in", ["start", "first write", "later write"])
async def test_a_client_that_leaves_at_any_write_is_let_go(acme: World, fails_in: str) -> None:
    client = connection(SUBSCRIBE, subscribe_request())
    allowed = {"start": 0, "first write": 1, "later write": 2}[fails_in]

    async def send(event: Message) -> None:
        if len(client.sent) >= allowed:
            raise OSError("the client has left")
        await client.send(event)

    task = acme.serve(client, lambda scope, receive, _: acme.pubsub.subscribe(scope, receive, send))
    if fails_in == "later write":
        await client.until(lambda: client.kinds == ["heartbeat"])
        await acme.publish()
    await asyncio.gather(task, return_exceptions=True)
    assert acme.leftovers == NOTHING_LEFT


@pytest.mark.parametrize("failure", [RuntimeError("broken"), OSError("broken"), TimeoutError("broken")])
async def test_a_link_that_breaks_is_an_honest_error_and_leaves_nothing(acme: World, failure: Exception) -> None:
    break_links(acme, failure)
    client = await connection(SUBSCRIBE, subscribe_request()).through(acme.pubsub.subscribe)
    assert (client.status, client.message, client.is_trailers_only) == (13, "internal error", True)
    client = await acme.publish()
    assert (client.status, client.message, client.is_trailers_only) == (13, "internal error", True)
    assert acme.leftovers == NOTHING_LEFT


def break_links(acme: World, failure: Exception) -> None:
    class Broken:
        async def publish(self, *_: object) -> None:
            raise failure

        async def subscribe(self, *_: object) -> None:
            raise failure

        def unsubscribe(self, *_: object) -> None:
            return

        def leave(self) -> None:
            return

    def connect(*_: object) -> Broken:
        return Broken()

    acme.router._connect = connect  # pyright: ignore[reportAttributeAccessIssue] - a link that always fails


async def test_a_token_is_asked_for_before_the_body_is_read(acme: World) -> None:
    for app in (acme.pubsub.publish, acme.pubsub.subscribe):
        client = Connection(pieces=[b"\0" * 3, b"\0" * 3])
        await client.through(app)
        assert client.status == 16
        assert len(client._pieces) == 2
