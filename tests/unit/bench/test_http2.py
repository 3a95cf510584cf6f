"""The client core counts the same however the server's bytes are cut, and refuses what it does not expect."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.http2 import PREFACE, WINDOW, Connection, Flag, Kind, ProtocolError, Request, frame


def accept(block: bytes) -> None:
    if block != b"good":
        raise ProtocolError(block.decode())


def client() -> Connection:
    connection = Connection(accept)
    connection.outgoing.clear()
    return connection


def answer(stream: int) -> bytes:
    return (
        frame(Kind.HEADERS, Flag.END_HEADERS, stream, b"head")
        + frame(Kind.DATA, 0, stream, b"12345")
        + frame(Kind.HEADERS, Flag.END_HEADERS | Flag.END_STREAM, stream, b"good")
    )


def test_the_opening_offers_the_largest_windows_and_no_compression_table():
    opening = bytes(Connection(accept).outgoing)
    settings = opening[len(PREFACE) + 9 : len(PREFACE) + 9 + 24]
    assert opening.startswith(PREFACE)
    assert dict(struct.iter_unpack(">HI", settings)) == {1: 0, 2: 0, 4: WINDOW, 5: 2**20}


def test_a_request_differs_only_in_its_stream_number():
    request = Request(b"block", b"body")
    assert request.on(7) == frame(Kind.HEADERS, Flag.END_HEADERS, 7, b"block") + frame(
        Kind.DATA, Flag.END_STREAM, 7, b"body"
    )


def test_streams_are_numbered_from_one_in_steps_of_two():
    connection, request = client(), Request(b"h", b"b")
    assert [connection.send(request) for _ in range(3)] == [request.on(1), request.on(3), request.on(5)]


@given(st.lists(st.integers(min_value=1, max_value=40), min_size=1, max_size=200))
def test_chunks_may_be_cut_anywhere(sizes: list[int]):
    connection = client()
    incoming = frame(Kind.SETTINGS, 0, 0, b"") + b"".join(answer(2 * call + 1) for call in range(20))
    position = 0
    while position < len(incoming):
        for size in sizes:
            connection.receive(memoryview(incoming[position : position + size]))
            position += size
    assert (connection.ready, connection.ended, connection.data_bytes) == (True, 20, 100)


def test_data_counts_as_it_arrives():
    connection = client()
    connection.receive(memoryview(frame(Kind.DATA, 0, 1, b"x" * 100)[:59]))
    assert connection.data_bytes == 50


def test_pings_and_settings_are_acknowledged():
    connection = client()
    connection.receive(memoryview(frame(Kind.PING, 0, 0, b"12345678") + frame(Kind.SETTINGS, 0, 0, b"")))
    expected = frame(Kind.PING, Flag.ACK, 0, b"12345678") + frame(Kind.SETTINGS, Flag.ACK, 0, b"")
    assert bytes(connection.outgoing) == expected


def test_windows_are_opened_again_before_they_close():
    connection = client()
    payload = 2**24 - 1
    for _ in range(WINDOW // 2 // payload + 1):
        connection.receive(
            memoryview(frame(Kind.DATA, 0, 5, b"")[:0] + (payload << 8).to_bytes(4, "big") + b"\0\0\0\0\5")
        )
        connection.receive(memoryview(bytes(payload)))
    updates = bytes(connection.outgoing)
    assert len(updates) == 26
    assert {updates[5:9], updates[18:22]} == {bytes(4), (5).to_bytes(4, "big")}


def test_the_servers_window_is_respected():
    connection, request = client(), Request(b"h", b"x" * 16_000)
    for _ in range(4):
        connection.send(request)
    with pytest.raises(ProtocolError, match="window"):
        connection.send(request)
    connection = client()
    connection.receive(memoryview(frame(Kind.WINDOW_UPDATE, 0, 0, (20_000).to_bytes(4, "big"))))
    for _ in range(5):
        connection.send(request)


@pytest.mark.parametrize(
    "incoming",
    [
        frame(Kind.RST_STREAM, 0, 1, bytes(4)),
        frame(Kind.GOAWAY, 0, 0, bytes(8)),
        frame(Kind.HEADERS, Flag.END_HEADERS | Flag.END_STREAM, 1, b"bad"),
        frame(Kind.HEADERS, 0, 1, b"cut"),
        frame(Kind.DATA, Flag.END_STREAM, 1, b""),
        frame(Kind.DATA, Flag.PADDED, 1, b"\0"),
    ],
)
def test_what_is_not_expected_is_refused(incoming: bytes):
    with pytest.raises(ProtocolError):
        client().receive(memoryview(incoming))
