"""Which frame may come on which stream when (RFC 9113, 5.1), and how many streams there may be."""

from collections.abc import Callable

import pytest

from tests.integration.http2 import wire
from tests.integration.http2.serving import Service, serving


def data(stream: int) -> bytes:
    return wire.data(stream, b"late")


def the_end(stream: int) -> bytes:
    return wire.data(stream, end=True)


def trailers(stream: int) -> bytes:
    return wire.head(stream, wire.block([("x-late", "1")]), end=True)


Late = Callable[[int], bytes]


@pytest.mark.parametrize("late", [data, the_end, trailers])
async def test_a_request_that_has_ended_takes_no_more(service: Service, late: Late) -> None:
    peer = await service.peer()
    peer.send(wire.request(1, "/held"), late(1))
    await peer.until(lambda: peer.answers[1].reset is not None or bool(peer.goaways))
    assert wire.STREAM_CLOSED in (peer.answers[1].reset, *(code for _, code in peer.goaways))
    service.app.go.set()


@pytest.mark.parametrize("late", [data, the_end])
async def test_what_comes_after_the_answer_harms_no_other(service: Service, late: Late) -> None:
    """It may be an error of that stream; a connection that carries other calls goes on."""
    peer = await service.peer()
    peer.send(wire.request(1))
    await peer.answer(1)
    peer.send(late(1), wire.request(3))
    assert (await peer.answer(3)).status == 0


@pytest.mark.parametrize("late", [data, the_end, trailers])
async def test_what_was_on_its_way_to_a_stream_that_was_refused_is_passed_over(service: Service, late: Late) -> None:
    peer = await service.peer()
    peer.send(wire.head(1, wire.block(wire.fields(method="GET"))), late(1), wire.request(3))
    assert (await peer.answer(1)).reset == wire.HTTP_1_1_REQUIRED
    assert (await peer.answer(3)).status == 0
    assert peer.goaways == []


@pytest.mark.parametrize("stream", [2, 4, 2**31 - 2])
async def test_streams_of_clients_have_odd_numbers(service: Service, stream: int) -> None:
    peer = await service.peer()
    peer.send(wire.headers(stream))
    await peer.dismissed(wire.PROTOCOL_ERROR)


@pytest.mark.parametrize("stream", [3, 1])
async def test_numbers_of_streams_only_grow(service: Service, stream: int) -> None:
    peer = await service.peer()
    peer.send(wire.request(5))
    await peer.answer(5)
    peer.send(wire.headers(stream, end=True))
    await peer.closed()
    assert peer.goaways[0][1] in (wire.PROTOCOL_ERROR, wire.STREAM_CLOSED)
    assert len(service.app.scopes) == 1


async def test_numbers_may_be_left_out_and_end_with_the_last(service: Service) -> None:
    peer = await service.peer()
    for stream in (1, 101, 2**31 - 1):
        peer.send(wire.request(stream))
        assert (await peer.answer(stream)).status == 0


async def test_a_second_block_before_the_end_is_an_error(service: Service) -> None:
    peer = await service.peer()
    peer.send(wire.headers(1), wire.head(1, wire.block([("x-more", "1")])))
    await peer.until(lambda: peer.answers[1].reset is not None)
    assert peer.answers[1].reset == wire.PROTOCOL_ERROR
    peer.send(wire.request(3))
    assert (await peer.answer(3)).status == 0


async def test_a_reset_stream_says_no_more(service: Service) -> None:
    peer = await service.peer()
    peer.send(wire.request(1, "/held"))
    await service.until(lambda: service.app.running == 1)
    peer.send(wire.reset(1))
    await peer.pong()
    service.app.go.set()
    await service.until(lambda: service.app.left == 1)
    await peer.pong()
    assert peer.of(wire.HEADERS) == peer.of(wire.DATA) == peer.of(wire.RST_STREAM) == []


async def test_more_streams_than_allowed_are_refused_and_may_be_tried_again() -> None:
    async with serving(streams=3) as service:
        peer = await service.peer()
        peer.send(*(wire.request(stream, "/held") for stream in (1, 3, 5, 7, 9)))
        for stream in (7, 9):
            assert (await peer.answer(stream)).reset == wire.REFUSED_STREAM
        service.app.go.set()
        for stream in (1, 3, 5):
            assert (await peer.answer(stream)).status == 0
        peer.send(wire.request(11))
        assert (await peer.answer(11)).status == 0
        assert service.app.bodies == [b"hello"] * 4


async def test_a_thousand_calls_at_once_are_answered(service: Service) -> None:
    client = await service.client()
    streams = [client.begin("/held", b"%d" % number) for number in range(1000)]
    await service.until(lambda: service.app.running == 1000)
    service.app.go.set()
    for number, stream in enumerate(streams):
        assert bytes((await client.answer(stream)).body) == b"%d" % number
