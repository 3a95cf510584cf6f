"""The clients that Momento's SDK for Python is made of: grpcio, as it blocks and as it does not."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import grpc.aio
import pytest

from tests.integration.http2.serving import SECONDS, Service, serving

pytestmark = pytest.mark.asyncio(loop_factories=["uvloop"])

OPTIONS = [
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.max_receive_message_length", 6_000_000),
    ("grpc.default_authority", "localhost"),
]


def same(message: bytes) -> bytes:
    return message


@pytest.fixture
async def channel(service: Service) -> AsyncIterator[grpc.aio.Channel]:
    async with grpc.aio.insecure_channel(f"unix:{service.path}", options=OPTIONS) as channel:
        yield channel


def unary(channel: Any, path: str) -> Any:
    return channel.unary_unary(path, same, same)


def stream(channel: Any, path: str) -> Any:
    return channel.unary_stream(path, same, same)


async def status(call: Awaitable[bytes]) -> grpc.StatusCode:
    """Return how a call ended, and keep nothing of the error: it holds the call, which holds the connection open."""
    try:
        await call
    except grpc.aio.AioRpcError as error:
        return error.code()
    return grpc.StatusCode.OK


async def test_calls_one_after_another_and_together(channel: grpc.aio.Channel) -> None:
    echo = unary(channel, "/echo")
    for length in (0, 1, 100, 16_384, 65_536, 1_000_000, 5_000_000):
        message = b"x" * length
        assert await echo(message, timeout=SECONDS) == message
    texts = [b"%d" % number for number in range(500)]
    assert await asyncio.gather(*(echo(text, timeout=SECONDS) for text in texts)) == texts


async def test_metadata_that_changes_and_comes_again(channel: grpc.aio.Channel, service: Service) -> None:
    """A client keeps what it says often in the table of headers, and leaves out what it has not said lately."""
    echo = unary(channel, "/echo")
    expected = [[("x-user", f"user-{number % 7}"), ("x-round", str(number % 3))] for number in range(200)]
    for metadata in expected:
        await echo(b"", metadata=metadata, timeout=SECONDS)
    found = [
        {name: value for name, value in scope["headers"] if name.startswith(b"x-")} for scope in service.app.scopes
    ]
    assert found == [{name.encode(): value.encode() for name, value in metadata} for metadata in expected]


async def test_statuses_of_refusals_and_failures(channel: grpc.aio.Channel) -> None:
    codes: dict[str, grpc.StatusCode] = {
        "/refuses": grpc.StatusCode.NOT_FOUND,
        "/raises": grpc.StatusCode.INTERNAL,
        "/returns": grpc.StatusCode.INTERNAL,
        "/%ff": grpc.StatusCode.INVALID_ARGUMENT,
    }
    for path, code in codes.items():
        assert await status(unary(channel, path)(b"", timeout=SECONDS)) == code
    too_long = unary(channel, "/count")(b"x" * (5 * 1024**2 + 1), timeout=SECONDS)
    assert await status(too_long) == grpc.StatusCode.RESOURCE_EXHAUSTED


async def test_a_stream_of_messages(channel: grpc.aio.Channel) -> None:
    found = [message async for message in stream(channel, "/messages/300/5000")(b"", timeout=SECONDS)]
    assert found == [bytes([number % 251]) * 5000 for number in range(300)]


async def test_a_stream_that_is_given_up(channel: grpc.aio.Channel, service: Service) -> None:
    calls = [stream(channel, "/messages/100000/1000")(b"") for _ in range(20)]
    for call in calls:
        assert len(await call.read()) == 1000
        call.cancel()
    await service.until(lambda: service.app.left == 20)


async def test_a_deadline_ends_a_call_on_both_sides(channel: grpc.aio.Channel, service: Service) -> None:
    assert await status(unary(channel, "/silent")(b"", timeout=0.2)) == grpc.StatusCode.DEADLINE_EXCEEDED
    await service.until(lambda: service.app.left == 1)


async def test_a_client_goes_elsewhere_when_the_server_goes_away(channel: grpc.aio.Channel, service: Service) -> None:
    echo = unary(channel, "/echo")
    for number in range(60):
        if number % 20 == 10:
            service.server.go_away()
        assert await echo(b"%d" % number, timeout=SECONDS) == b"%d" % number
        await asyncio.sleep(0.05)
    await service.until(lambda: service.server.connections == 1)


async def test_the_client_that_blocks() -> None:
    async with serving() as service:
        with ThreadPoolExecutor(1) as pool:
            await asyncio.get_running_loop().run_in_executor(pool, blocking, f"unix:{service.path}")
        await service.until(lambda: service.server.connections == 0)


def blocking(target: str) -> None:
    with grpc.insecure_channel(target, options=OPTIONS) as channel:
        echo: Callable[..., bytes] = unary(channel, "/echo")
        for number in range(100):
            assert echo(b"%d" % number, timeout=SECONDS) == b"%d" % number
        messages: Iterator[bytes] = stream(channel, "/messages/100/10000")(b"", timeout=SECONDS)
        assert [len(message) for message in messages] == [10_000] * 100
