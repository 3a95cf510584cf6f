"""Frames as they may come (RFC 9113, 4 to 6): torn, joined, padded, unknown, and wrong."""

import asyncio
import struct

import pytest

from tests.integration.http2 import wire
from tests.integration.http2.serving import Service

PADDED_DATA = wire.frame(wire.DATA, wire.PADDED | wire.END_STREAM, 1, b"\x05hello" + bytes(5))


async def test_bytes_may_come_one_by_one(service: Service) -> None:
    peer = await service.stranger()
    peer.is_quiet = True
    for byte in wire.PREFACE + wire.ACKNOWLEDGED + wire.request(1) + wire.ping() + wire.request(3, body=b"again"):
        peer.send(bytes((byte,)))
        await asyncio.sleep(0)
    assert bytes((await peer.answer(1)).body) == b"hello"
    assert bytes((await peer.answer(3)).body) == b"again"


async def test_frames_may_be_torn_anywhere(service: Service) -> None:
    whole = wire.PREFACE + wire.request(1, body=b"x" * 20) + wire.request(3)
    for cut in range(1, len(whole)):
        peer = await service.stranger()
        peer.is_quiet = True
        peer.send(whole[:cut])
        await asyncio.sleep(0)
        peer.send(whole[cut:])
        assert (await peer.answer(1)).status == (await peer.answer(3)).status == 0
        peer.close()


async def test_all_may_come_at_once(service: Service) -> None:
    peer = await service.stranger()
    requests = [wire.request(stream, body=b"%d" % stream) for stream in range(1, 401, 2)]
    peer.send(wire.PREFACE, *requests)
    for stream in range(1, 401, 2):
        assert bytes((await peer.answer(stream)).body) == b"%d" % stream


async def test_a_request_before_the_settings_are_acknowledged_is_served(service: Service) -> None:
    peer = await service.stranger()
    peer.is_quiet = True
    peer.send(wire.PREFACE, wire.request(1))
    assert (await peer.answer(1)).status == 0


async def test_the_server_begins_with_its_settings(service: Service) -> None:
    peer = await service.stranger()
    peer.send(wire.PREFACE, wire.request(1))
    await peer.answer(1)
    first = peer.frames[0]
    assert (first.kind, first.flags, first.stream) == (wire.SETTINGS, 0, 0)
    told = dict(struct.iter_unpack(">HI", first.payload))
    assert told[wire.MAX_CONCURRENT_STREAMS] == 2048
    assert told[wire.INITIAL_WINDOW_SIZE] == 65_536
    assert peer.granted(0) == 1_048_576 - wire.WINDOW_BYTES


async def test_padding_is_no_part_of_a_body(service: Service) -> None:
    peer = await service.peer()
    peer.send(wire.headers(1), PADDED_DATA)
    assert bytes((await peer.answer(1)).body) == b"hello"
    peer.send(wire.headers(3), wire.frame(wire.DATA, wire.PADDED | wire.END_STREAM, 3, b"\xff" + bytes(255)))
    assert bytes((await peer.answer(3)).body) == b""


async def test_headers_may_be_padded_and_have_a_priority(service: Service) -> None:
    block, priority = wire.block(wire.fields()), struct.pack(">IB", 0, 15)
    peer = await service.peer()
    payloads = {
        1: (wire.PADDED, b"\x03" + block + bytes(3)),
        3: (wire.PRIORITISED, priority + block),
        5: (wire.PADDED | wire.PRIORITISED, b"\x03" + priority + block + bytes(3)),
        7: (wire.PRIORITISED, struct.pack(">IB", 2**31 | 5, 15) + block),
    }
    for stream, (flags, payload) in payloads.items():
        peer.send(wire.head(stream, payload, flags=wire.END_HEADERS | flags), wire.data(stream, b"hello", end=True))
        assert bytes((await peer.answer(stream)).body) == b"hello"


async def test_padding_counts_for_the_windows(service: Service) -> None:
    """Else a client by the book would be stuck, and one that is not could send without end."""
    peer = await service.peer()
    peer.send(wire.headers(1, "/count"))
    padded = wire.frame(wire.DATA, wire.PADDED, 1, b"\xff" + b"x" + bytes(255))
    for _ in range(100):
        for _ in range(20):
            peer.send(padded)
        await peer.pong()
    peer.send(wire.data(1, end=True))
    assert bytes((await peer.answer(1)).body) == b"2000"
    sent = 2000 * 257
    assert peer.granted(1) > sent - 65_536
    assert peer.granted(0) > sent - wire.WINDOW_BYTES


@pytest.mark.parametrize("kind", [10, 11, 12, 16, 0x42, 255])
async def test_frames_of_unknown_types_are_passed_over(service: Service, kind: int) -> None:
    peer = await service.peer()
    for stream in (0, 1, 2):
        peer.send(wire.frame(kind, 255, stream, b"whatever"))
    peer.send(wire.headers(1), wire.frame(kind, 0, 1, b"x" * 1000), wire.data(1, b"hello", end=True))
    assert bytes((await peer.answer(1)).body) == b"hello"


async def test_flags_without_meaning_and_the_reserved_bit_are_passed_over(service: Service) -> None:
    peer = await service.peer()
    peer.send(wire.frame(wire.HEADERS, 0x04 | 0xC2, 2**31 | 1, wire.block(wire.fields())))
    peer.send(wire.frame(wire.DATA, 0x01 | 0xF6, 2**31 | 1, b"hello"))
    assert bytes((await peer.answer(1)).body) == b"hello"


async def test_a_ping_comes_back_as_it_was(service: Service) -> None:
    peer = await service.peer()
    peer.send(wire.ping(b"abcdefgh"))
    await peer.until(lambda: bool(peer.of(wire.PING)))
    (answer,) = peer.of(wire.PING)
    assert (answer.flags, answer.stream, answer.payload) == (wire.ACK, 0, b"abcdefgh")


async def test_priorities_are_passed_over_in_each_state(service: Service) -> None:
    peer = await service.peer()
    priority = struct.pack(">IB", 0, 15)
    for stream in (1, 7, 2):
        peer.send(wire.frame(wire.PRIORITY, 0, stream, priority))
    peer.send(wire.request(1))
    await peer.answer(1)
    peer.send(wire.frame(wire.PRIORITY, 0, 1, priority), wire.request(3))
    assert (await peer.answer(3)).status == 0


WRONG = {
    "no preface": (b"GET / HTTP/1.1\r\nhost: a\r\n\r\n", wire.PROTOCOL_ERROR),
    "data on the connection": (wire.PREFACE + wire.data(0, b"x"), wire.PROTOCOL_ERROR),
    "headers on the connection": (wire.PREFACE + wire.headers(0), wire.PROTOCOL_ERROR),
    "priority on the connection": (wire.PREFACE + wire.frame(wire.PRIORITY, 0, 0, bytes(5)), wire.PROTOCOL_ERROR),
    "reset of the connection": (wire.PREFACE + wire.reset(0), wire.PROTOCOL_ERROR),
    "reset of an idle stream": (wire.PREFACE + wire.reset(1), wire.PROTOCOL_ERROR),
    "settings on a stream": (wire.PREFACE + wire.frame(wire.SETTINGS, 0, 1), wire.PROTOCOL_ERROR),
    "ping on a stream": (wire.PREFACE + wire.frame(wire.PING, 0, 1, bytes(8)), wire.PROTOCOL_ERROR),
    "goaway on a stream": (wire.PREFACE + wire.frame(wire.GOAWAY, 0, 1, bytes(8)), wire.PROTOCOL_ERROR),
    "a push": (wire.PREFACE + wire.frame(wire.PUSH_PROMISE, 4, 1, bytes(4)), wire.PROTOCOL_ERROR),
    "room for an idle stream": (wire.PREFACE + wire.window_update(1, 5), wire.PROTOCOL_ERROR),
    "data on an idle stream": (wire.PREFACE + wire.data(1, b"x"), wire.PROTOCOL_ERROR),
    "no settings first": (wire.MAGIC + wire.ping(), wire.PROTOCOL_ERROR),
    "acknowledged settings first": (wire.MAGIC + wire.ACKNOWLEDGED, wire.PROTOCOL_ERROR),
    "settings of 5 bytes": (wire.PREFACE + wire.frame(wire.SETTINGS, 0, 0, bytes(5)), wire.FRAME_SIZE_ERROR),
    "acknowledged settings": (wire.PREFACE + wire.frame(wire.SETTINGS, 1, 0, bytes(6)), wire.FRAME_SIZE_ERROR),
    "a ping of 7 bytes": (wire.PREFACE + wire.ping(bytes(7)), wire.FRAME_SIZE_ERROR),
    "a ping of 9 bytes": (wire.PREFACE + wire.ping(bytes(9)), wire.FRAME_SIZE_ERROR),
    "a window update of 3 bytes": (
        wire.PREFACE + wire.frame(wire.WINDOW_UPDATE, 0, 0, bytes(3)),
        wire.FRAME_SIZE_ERROR,
    ),
    "a goaway of 7 bytes": (wire.PREFACE + wire.frame(wire.GOAWAY, 0, 0, bytes(7)), wire.FRAME_SIZE_ERROR),
    "a reset of 5 bytes": (
        wire.PREFACE + wire.headers(1, "/silent") + wire.frame(wire.RST_STREAM, 0, 1, bytes(5)),
        wire.FRAME_SIZE_ERROR,
    ),
    "data over the limit": (wire.PREFACE + wire.headers(1) + wire.data(1, bytes(16_385)), wire.FRAME_SIZE_ERROR),
    "headers over the limit": (wire.PREFACE + wire.head(1, bytes(16_385)), wire.FRAME_SIZE_ERROR),
    "the longest of frames": (wire.PREFACE + wire.data(1, bytes(2**24 - 1)), wire.FRAME_SIZE_ERROR),
    "unknown frames over the limit": (wire.PREFACE + wire.frame(99, 0, 0, bytes(16_385)), wire.FRAME_SIZE_ERROR),
    "padding beyond data": (
        wire.PREFACE + wire.headers(1) + wire.frame(wire.DATA, wire.PADDED, 1, b"\x06hello"),
        wire.PROTOCOL_ERROR,
    ),
    "padding of nothing": (
        wire.PREFACE + wire.headers(1) + wire.frame(wire.DATA, wire.PADDED, 1),
        (wire.FRAME_SIZE_ERROR, wire.PROTOCOL_ERROR),
    ),
    "padding beyond headers": (
        wire.PREFACE + wire.frame(wire.HEADERS, wire.PADDED | wire.END_HEADERS, 1, b"\x06hello"),
        wire.PROTOCOL_ERROR,
    ),
    "headers without their priority": (
        wire.PREFACE + wire.frame(wire.HEADERS, wire.PRIORITISED | wire.END_HEADERS, 1, b"1234"),
        (wire.FRAME_SIZE_ERROR, wire.PROTOCOL_ERROR),
    ),
}


@pytest.mark.parametrize(("said", "code"), WRONG.values(), ids=WRONG)
async def test_what_breaks_the_protocol_ends_the_connection(
    service: Service, said: bytes, code: int | tuple[int, ...]
) -> None:
    peer = await service.stranger()
    peer.send(said)
    await peer.closed()
    ((_, given),) = peer.goaways
    assert given in (code if isinstance(code, tuple) else (code,))
    await service.serves_others()


async def test_a_priority_of_another_length_is_an_error_of_the_stream(service: Service) -> None:
    peer = await service.peer()
    peer.send(wire.headers(1, "/silent"), wire.frame(wire.PRIORITY, 0, 1, bytes(4)))
    await peer.until(lambda: peer.answers[1].reset is not None or bool(peer.goaways))
    assert wire.FRAME_SIZE_ERROR in (peer.answers[1].reset, *(code for _, code in peer.goaways))


@pytest.mark.parametrize(
    "preface", [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\r", b"PRJ", b"\x16\x03\x01\x02\x00", b"\0" * 24, b"PRI * HTTP/1.1\r\n"]
)
async def test_a_stranger_is_sent_away_at_its_first_wrong_byte(service: Service, preface: bytes) -> None:
    peer = await service.stranger()
    peer.send(preface)
    await peer.closed()
    await service.serves_others()
