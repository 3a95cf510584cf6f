"""A long body goes out in frames that the server takes, and never beyond its windows."""

import struct

from bench.http2 import Flag, Kind, Request, frame
from bench.uploads import UploadingConnection

BODY = bytes(range(256)) * 400
WINDOW = 65_535


def taken(sent: bytes) -> tuple[bytes, list[int], bool]:
    """Return the body, the lengths of its frames, and whether it ended."""
    sizes: list[int] = []
    body, ended, position = b"", False, 0
    while position < len(sent):
        length_and_kind, flags, _ = struct.unpack_from(">IBI", sent, position)
        length, position = length_and_kind >> 8, position + 9
        if length_and_kind & 0xFF == Kind.DATA:
            assert not ended
            body, ended = body + sent[position : position + length], bool(flags & Flag.END_STREAM)
            sizes.append(length)
        position += length
    return body, sizes, ended


def client() -> UploadingConnection:
    connection = UploadingConnection(lambda _: None)
    connection.outgoing.clear()
    return connection


def opened(stream: int, size: int) -> memoryview:
    return memoryview(frame(Kind.WINDOW_UPDATE, 0, stream, size.to_bytes(4, "big")))


def settings(**values: int) -> memoryview:
    numbers = {"initial_window": 4, "max_frame": 5}
    payload = b"".join(struct.pack(">HI", numbers[name], value) for name, value in values.items())
    return memoryview(frame(Kind.SETTINGS, 0, 0, payload))


def test_what_the_windows_hold_back_goes_out_when_both_are_open():
    connection = client()
    first = connection.send(Request(b"h", BODY))
    connection.receive(opened(1, len(BODY)))
    assert not connection.outgoing
    connection.receive(opened(0, len(BODY)))
    body, sizes, ended = taken(first + bytes(connection.outgoing))
    assert (len(taken(first)[0]), max(sizes), ended) == (WINDOW, 16_384, True)
    assert body == BODY


def test_the_servers_settings_change_the_frames_and_the_windows_of_open_streams():
    connection = client()
    connection.receive(opened(0, len(BODY)))
    first = connection.send(Request(b"h", BODY))
    connection.receive(settings(initial_window=WINDOW + 20_000, max_frame=2**15))
    body, sizes, ended = taken(first + bytes(connection.outgoing).replace(frame(Kind.SETTINGS, Flag.ACK, 0, b""), b""))
    assert (len(body), sizes[-1], ended) == (WINDOW + 20_000, 20_000, False)


def test_a_second_body_waits_for_the_first_ones_share_of_the_connection():
    connection = client()
    connection.send(Request(b"h", BODY))
    assert taken(connection.send(Request(b"h", b"short")))[0] == b""
    connection.receive(opened(0, 5))
    connection.receive(opened(3, 5))
    assert taken(bytes(connection.outgoing)) == (b"short", [5], True)
