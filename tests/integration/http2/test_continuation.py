"""Header blocks in pieces (RFC 9113, 6.10)."""

import pytest

from tests.integration.http2 import wire
from tests.integration.http2.serving import Service

BLOCK = wire.block(wire.fields(extra=[("x-long", "value " * 5 + "end")]))


def piecewise(stream: int, *pieces: bytes, flags: int = 0) -> bytes:
    """Return a header block in as many frames as there are pieces."""
    first, *more = pieces
    kinds = [
        wire.frame(wire.HEADERS, flags, stream, first),
        *(wire.frame(wire.CONTINUATION, 0, stream, p) for p in more),
    ]
    last = bytearray(kinds[-1])
    last[4] |= wire.END_HEADERS
    return b"".join([*kinds[:-1], bytes(last)])


async def test_a_block_may_be_split_anywhere(service: Service) -> None:
    peer = await service.peer()
    for stream, cut in enumerate(range(len(BLOCK) + 1)):
        number = 2 * stream + 1
        peer.send(piecewise(number, BLOCK[:cut], BLOCK[cut:]), wire.data(number, b"hello", end=True))
        assert bytes((await peer.answer(number)).body) == b"hello"


async def test_a_block_may_come_byte_by_byte(service: Service) -> None:
    peer = await service.peer()
    peer.send(piecewise(1, *(bytes((byte,)) for byte in BLOCK)), wire.data(1, b"hello", end=True))
    assert (await peer.answer(1)).status == 0


async def test_a_request_without_a_body_ends_with_its_last_continuation(service: Service) -> None:
    peer = await service.peer()
    peer.send(wire.frame(wire.HEADERS, wire.END_STREAM, 1, BLOCK[:20]))
    peer.send(wire.frame(wire.CONTINUATION, wire.END_HEADERS, 1, BLOCK[20:]))
    assert (await peer.answer(1)).status == 0
    assert service.app.bodies == [b""]


async def test_padding_and_priority_belong_to_the_first_piece_alone(service: Service) -> None:
    peer = await service.peer()
    padded = b"\x04" + bytes(5) + BLOCK[:10] + bytes(4)
    flags = wire.PADDED | wire.PRIORITISED | wire.END_STREAM
    peer.send(piecewise(1, padded, BLOCK[10:], flags=flags))
    assert (await peer.answer(1)).status == 0


async def test_trailers_may_be_split(service: Service) -> None:
    peer = await service.peer()
    trailers = wire.block([("x-checksum", "1")])
    peer.send(wire.headers(1), wire.data(1, b"hello"))
    peer.send(piecewise(1, trailers[:3], trailers[3:], flags=wire.END_STREAM))
    assert bytes((await peer.answer(1)).body) == b"hello"


BETWEEN = {
    "data of the stream": wire.data(1, b"x"),
    "data of another": wire.data(3, b"x"),
    "a ping": wire.ping(),
    "settings": wire.settings(),
    "room": wire.window_update(0, 5),
    "an unknown type": wire.frame(99, 0, 0, b"x"),
    "a continuation of another": wire.frame(wire.CONTINUATION, wire.END_HEADERS, 3, BLOCK[10:]),
    "headers of another": wire.headers(3),
    "headers of the same": wire.headers(1),
    "a reset": wire.reset(1),
    "a priority": wire.frame(wire.PRIORITY, 0, 1, bytes(5)),
}


@pytest.mark.parametrize("between", BETWEEN.values(), ids=BETWEEN)
async def test_nothing_may_come_between_the_pieces(service: Service, between: bytes) -> None:
    peer = await service.peer()
    peer.send(wire.frame(wire.HEADERS, 0, 1, BLOCK[:10]), between)
    await peer.dismissed(wire.PROTOCOL_ERROR)
    assert service.app.scopes == []


@pytest.mark.parametrize("before", [b"", wire.headers(1, "/silent"), wire.request(1)], ids=["nothing", "open", "ended"])
async def test_a_continuation_of_nothing_is_an_error(service: Service, before: bytes) -> None:
    peer = await service.peer()
    peer.send(before, wire.frame(wire.CONTINUATION, wire.END_HEADERS, 1, BLOCK))
    await peer.dismissed(wire.PROTOCOL_ERROR)


async def test_a_block_that_is_left_in_pieces_is_nobodys(service: Service) -> None:
    peer = await service.peer()
    peer.send(wire.frame(wire.HEADERS, 0, 1, BLOCK[:10]))
    peer.close()
    await service.serves_others()
    assert len(service.app.scopes) == 1
