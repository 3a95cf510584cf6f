"""A stream that follows its feed, written to by callbacks."""

import asyncio

import pytest

from api.errors import Internal, Unavailable
from api.grpc_asgi import Message
from router.pubsub import SUBSCRIBE
from tests.patience import patient
from tests.unit.asgi import Connection, subscribe_request
from tests.unit.router.parts import World, connection


class Broken(Connection):
    """An edge that fails at one of the writes."""

    async def send(self, event: Message) -> None:
        if b"second" in event.get("body", b""):
            raise ValueError
        await super().send(event)


async def following(acme: World, client: Connection | None = None) -> tuple[Connection, "asyncio.Task[None]"]:
    """Open a subscription that has written one item, and waits for the next."""
    client = client or connection(SUBSCRIBE, subscribe_request())
    task = acme.serve(client, acme.pubsub.subscribe)
    await client.until(lambda: client.kinds == ["heartbeat"])
    await acme.publish(text="first")
    await client.until(lambda: client.texts == ["first"])
    await comes_to_be("waiting", acme)
    return client, task


async def comes_to_be(state: str, acme: World) -> None:
    async with asyncio.timeout(patient(5)):
        while state not in repr(*acme.router.subscriptions):
            await asyncio.sleep(0.001)


async def test_what_comes_while_a_write_is_under_way_goes_out_in_the_next_one(acme: World) -> None:
    client, task = await following(acme)
    client.stall()
    texts = [f"text {number}" for number in range(5)]
    for text in texts:
        await acme.publish(text=text)
    written = len(client.sent)
    client.read_on()
    await client.until(lambda: client.texts == ["first", *texts])
    assert len(client.sent) <= written + 2
    assert client.numbers == list(range(1, 7))
    task.cancel()


async def test_a_stream_whose_write_fails_though_its_client_is_there_ends_with_a_status(acme: World) -> None:
    asked = connection(SUBSCRIBE, subscribe_request())
    client, task = await following(acme, Broken(SUBSCRIBE, [subscribe_request()], asked.scope["headers"]))
    await acme.publish(text="second")
    await task
    assert client.status == Internal.grpc
    assert client.texts == ["first"]


async def test_nothing_is_written_any_more_when_the_request_is_cancelled_within_a_write(acme: World) -> None:
    client, task = await following(acme)
    client.stall()
    await acme.publish(text="second")
    await comes_to_be("writing", acme)
    await acme.publish(text="third")
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    client.read_on()
    await asyncio.sleep(0.01)
    assert "third" not in client.texts
    assert not acme.router.subscriptions
    assert not acme.router.feeds


async def test_a_stream_that_ends_as_its_request_is_cancelled_hinders_nobody_else(acme: World) -> None:
    """Whoever ends many goes on with the next one."""
    _, task = await following(acme)
    (subscription,) = acme.router.subscriptions
    task.cancel()
    subscription.end(Unavailable("drained"))
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not acme.router.subscriptions
