"""Whoever takes note of calls is told of each once, when its stream has ended, and how."""

import pytest

from http2.endings import How
from tests.integration.http2 import wire
from tests.integration.http2.client import Client
from tests.integration.http2.serving import Ended, Service, serving

HEARD = 5
"""Bytes of `hello`, which is asked, and of `first`, which is answered."""


async def only(service: Service) -> Ended:
    """Wait until a stream has ended, end all else, and return what was told, which must be one thing."""
    await service.until(lambda: bool(service.ended))
    await service.leave()
    (ended,) = service.ended
    return ended


async def under_way(service: Service, path: str, sent_bytes: int) -> tuple[Client, int]:
    """Make a call of which so much of the answer has come, and that has not ended; return its client and stream."""
    client = await service.client()
    stream = client.begin(path)
    await client.until(lambda: len(client.answers[stream].body) == sent_bytes)
    await service.until(lambda: service.app.running == 1)
    return client, stream


async def test_an_answer(service: Service) -> None:
    client = await service.client()
    await client.call("/echo?a=b", b"hello")
    assert await only(service) == Ended("/echo", How.ANSWERED, 200, b"0", HEARD, HEARD)


async def test_an_answer_of_trailers_alone(service: Service) -> None:
    client = await service.client()
    await client.call("/refuses")
    assert await only(service) == Ended("/refuses", How.ANSWERED, 200, b"5", HEARD, 0)


async def test_an_answer_that_waited_for_windows(service: Service) -> None:
    client = await service.client({wire.INITIAL_WINDOW_SIZE: 1000})
    client.grants = False
    stream = client.begin("/stream/10/1000")
    await client.until(lambda: len(client.answers[stream].body) == 1000)
    assert service.ended == []
    client.h2.update_settings({wire.INITIAL_WINDOW_SIZE: 500})
    client.flush()
    client.grants = True
    client.grant()
    await client.answer(stream)
    assert await only(service) == Ended("/stream/10/1000", How.ANSWERED, 200, b"0", HEARD, 10_000)


@pytest.mark.parametrize(
    ("path", "body", "grpc", "name"),
    [("/%ff", b"hello", b"3", "path_not_allowed"), ("/a%2fb", b"hello", b"3", "request_malformed")],
)
async def test_a_request_that_never_reaches_the_application(
    service: Service, path: str, body: bytes, grpc: bytes, name: str
) -> None:
    client = await service.client()
    await client.call(path, body)
    ended = await only(service)
    assert ended[1:] == (How.REFUSED, 200, grpc, len(body), 0, name)


async def test_a_body_over_the_limit() -> None:
    async with serving(request_bytes=10) as service:
        client = await service.client()
        await client.call("/echo", b"x" * 11)
        assert await only(service) == Ended("/echo", How.REFUSED, 200, b"8", 11, 0, "request_payload_too_large")


@pytest.mark.asyncio(loop_factories=["leaping"])
async def test_a_body_that_comes_too_late(service: Service) -> None:
    client = await service.client()
    await client.answer(client.open("/echo"), seconds=100)
    assert await only(service) == Ended("/echo", How.REFUSED, 200, b"4", 0, 0, "request_overall_timeout")


async def test_more_than_can_be_answered_at_a_time() -> None:
    async with serving(unanswered=0) as service:
        client = await service.client()
        await client.call("/echo")
        assert await only(service) == Ended("/echo", How.REFUSED, 200, b"14", HEARD, 0, "reached_concurrency_limit")


async def test_an_application_that_fails(service: Service) -> None:
    client = await service.client()
    await client.call("/raises")
    assert await only(service) == Ended("/raises", How.REFUSED, 200, b"13", HEARD, 0, "application_failed")


async def test_an_application_that_fails_in_the_middle(service: Service) -> None:
    client = await service.client()
    await client.call("/raises_midway")
    assert await only(service) == Ended("/raises_midway", How.FAILED, 200, None, HEARD, len(b"half"))


@pytest.mark.parametrize(("path", "status", "sent_bytes"), [("/silent", 0, 0), ("/opened", 200, HEARD)])
async def test_a_client_that_gives_a_call_up(service: Service, path: str, status: int, sent_bytes: int) -> None:
    client, stream = await under_way(service, path, sent_bytes)
    client.reset(stream)
    assert await only(service) == Ended(path, How.RESET, status, None, HEARD, sent_bytes)


async def test_half_a_request_that_is_given_up(service: Service) -> None:
    client = await service.client()
    stream = client.open("/echo")
    client.data(stream, b"hel", end=False)
    client.reset(stream)
    assert await only(service) == Ended("/echo", How.RESET, 0, None, 3, 0)


@pytest.mark.parametrize(("path", "status", "sent_bytes"), [("/silent", 0, 0), ("/opened", 200, HEARD)])
async def test_a_connection_that_is_lost(service: Service, path: str, status: int, sent_bytes: int) -> None:
    client, _ = await under_way(service, path, sent_bytes)
    client.close()
    assert await only(service) == Ended(path, How.LEFT, status, None, HEARD, sent_bytes)


async def test_a_rule_that_is_broken_on_the_stream(service: Service) -> None:
    peer = await service.peer()
    peer.send(wire.headers(1, "/echo", [("content-length", "3")]), wire.data(1, b"hello", end=True))
    await peer.answer(1)
    assert await only(service) == Ended("/echo", How.BROKE, 0, None, HEARD, 0, "stream error 1")


async def test_a_rule_that_is_broken_on_the_connection(service: Service) -> None:
    peer = await service.peer()
    peer.send(wire.request(1, "/opened"))
    await peer.until(lambda: len(peer.answers[1].body) == HEARD)
    peer.send(wire.data(0, b"x"))
    await peer.closed()
    assert await only(service) == Ended("/opened", How.BROKE, 200, None, HEARD, HEARD, "DATA without a stream")


@pytest.mark.asyncio(loop_factories=["leaping"])
async def test_a_client_that_takes_nothing(service: Service) -> None:
    client = await service.client()
    client.grants = False
    stream = client.begin("/stream/100/1000")
    await client.answer(stream, seconds=100)
    ended = await only(service)
    assert ended == Ended("/stream/100/1000", How.STALLED, 200, None, HEARD, wire.WINDOW_BYTES)


@pytest.mark.asyncio(loop_factories=["leaping"])
async def test_a_client_that_does_not_answer_a_ping(service: Service) -> None:
    peer = await service.peer()
    peer.send(wire.request(1, "/opened"))
    await peer.until(lambda: len(peer.answers[1].body) == HEARD)
    peer.is_quiet = True
    await peer.closed(seconds=100)
    assert await only(service) == Ended("/opened", How.CLOSED, 200, None, HEARD, HEARD, "no answer to a ping")


async def test_a_server_that_ends() -> None:
    async with serving() as service:
        client = await service.client()
        stream = client.begin("/opened")
        await client.until(lambda: len(client.answers[stream].body) == HEARD)
        await service.server.close()
        assert await only(service) == Ended("/opened", How.CLOSED, 200, None, HEARD, HEARD, "the server ends")


async def test_each_of_many_has_one(service: Service) -> None:
    client = await service.client()
    streams = [client.begin("/echo") for _ in range(200)] + [client.begin("/silent") for _ in range(100)]
    for stream in streams[:200]:
        await client.answer(stream)
    await service.until(lambda: service.app.running == 100)
    await service.leave()
    assert sorted({ended.path for ended in service.ended}) == ["/echo", "/silent"]
    assert len(service.ended) == 300
