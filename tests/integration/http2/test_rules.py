"""What the headers of a request must be (RFC 9113, 8.2 and 8.3), and bodies as long as they say."""

from collections.abc import Sequence

import pytest

from tests.integration.http2 import wire
from tests.integration.http2.serving import Service

Fields = Sequence[tuple[str | bytes, str | bytes]]
METHOD, SCHEME, AUTHORITY, PATH = list(wire.fields())[:4]
PSEUDO = (METHOD, SCHEME, AUTHORITY, PATH)
USUAL = tuple(wire.GRPC)

BAD: dict[str, Fields] = {
    "no method": (SCHEME, AUTHORITY, PATH, *USUAL),
    "no scheme": (METHOD, AUTHORITY, PATH, *USUAL),
    "no path": (METHOD, SCHEME, AUTHORITY, *USUAL),
    "no pseudo-header": USUAL,
    "a method twice": (METHOD, *PSEUDO, *USUAL),
    "a path twice": (*PSEUDO, PATH, *USUAL),
    "a scheme twice": (*PSEUDO, SCHEME, *USUAL),
    "an authority twice": (*PSEUDO, AUTHORITY, *USUAL),
    "a pseudo-header after others": (METHOD, SCHEME, *USUAL, PATH),
    "a pseudo-header of answers": (*PSEUDO, (":status", "200"), *USUAL),
    "an unknown pseudo-header": (*PSEUDO, (":colour", "red"), *USUAL),
    "an upper case name": (*PSEUDO, *USUAL, ("X-Name", "value")),
    "a name with a space": (*PSEUDO, *USUAL, ("x name", "value")),
    "a name with a colon": (*PSEUDO, *USUAL, ("x:name", "value")),
    "a name of nothing": (*PSEUDO, *USUAL, ("", "value")),
    "a name with a line break": (*PSEUDO, *USUAL, ("x\n", "value")),
    "a name beyond ASCII": (*PSEUDO, *USUAL, (b"x-\xff", "value")),
    "a name with NUL": (*PSEUDO, *USUAL, (b"x-\0", "value")),
    "connection": (*PSEUDO, *USUAL, ("connection", "close")),
    "keep-alive": (*PSEUDO, *USUAL, ("keep-alive", "5")),
    "proxy-connection": (*PSEUDO, *USUAL, ("proxy-connection", "close")),
    "transfer-encoding": (*PSEUDO, *USUAL, ("transfer-encoding", "chunked")),
    "upgrade": (*PSEUDO, *USUAL, ("upgrade", "h2c")),
    "te beside trailers": (*PSEUDO, USUAL[0], ("te", "trailers, deflate")),
    "te of another": (*PSEUDO, USUAL[0], ("te", "gzip")),
    "a value with NUL": (*PSEUDO, *USUAL, ("x-name", b"a\0b")),
    "a value with a line feed": (*PSEUDO, *USUAL, ("x-name", b"a\nb")),
    "a value with a carriage return": (*PSEUDO, *USUAL, ("x-name", b"a\rb")),
    "a value that ends a line": (*PSEUDO, *USUAL, ("x-name", b"a\n")),
    "a value after a space": (*PSEUDO, *USUAL, ("x-name", b" a")),
    "a value before a tab": (*PSEUDO, *USUAL, ("x-name", b"a\t")),
    "an authority with a line break": (METHOD, SCHEME, (":authority", b"a\r\nx-admin: 1"), PATH, *USUAL),
    "an authority with NUL": (METHOD, SCHEME, (":authority", b"a\0b"), PATH, *USUAL),
    "a content-length that is no number": (*PSEUDO, *USUAL, ("content-length", "five")),
    "a content-length below nothing": (*PSEUDO, *USUAL, ("content-length", "-1")),
    "a content-length with a sign": (*PSEUDO, *USUAL, ("content-length", "+5")),
    "a content-length of digits beyond ASCII": (*PSEUDO, *USUAL, ("content-length", b"\xd9\xa5")),
    "two content-lengths": (*PSEUDO, *USUAL, ("content-length", "5"), ("content-length", "6")),
}


@pytest.mark.parametrize("fields", BAD.values(), ids=BAD)
async def test_a_request_that_is_none_is_an_error_of_its_stream(service: Service, fields: Fields) -> None:
    peer = await service.peer()
    for stream in (1, 3):  # a block that was refused once is refused again
        peer.send(wire.head(stream, wire.block(fields)), wire.data(stream, b"hello", end=True))
        assert (await peer.answer(stream)).reset == wire.PROTOCOL_ERROR
    peer.send(wire.request(5))
    assert (await peer.answer(5)).status == 0
    assert len(service.app.scopes) == 1


GOOD: dict[str, Fields] = {
    "no authority": (METHOD, SCHEME, PATH, *USUAL),
    "a host in its place": (METHOD, SCHEME, PATH, *USUAL, ("host", "localhost")),
    "another order": (PATH, AUTHORITY, METHOD, SCHEME, *reversed(USUAL)),
    "no te": (*PSEUDO, USUAL[0]),
    "a value of nothing": (*PSEUDO, *USUAL, ("x-name", "")),
    "a value beyond ASCII": (*PSEUDO, *USUAL, ("x-name", b"\x80\xff")),
    "a value with a tab": (*PSEUDO, *USUAL, ("x-name", b"a\tb")),
    "a name of every sign": (*PSEUDO, *USUAL, ("x!#$%&'*+-.^`|~09az", "value")),
    "names again": (*PSEUDO, *USUAL, ("x-name", "a"), ("x-name", "b"), ("x-name", "a")),
    "cookies in pieces": (*PSEUDO, *USUAL, ("cookie", "a=b"), ("cookie", "c=d")),
    "a content-length": (*PSEUDO, *USUAL, ("content-length", "5")),
    "a content-length twice": (*PSEUDO, *USUAL, ("content-length", "5"), ("content-length", "5")),
    "a hundred": (*PSEUDO, *USUAL, *((f"x-{number}", "v") for number in range(90))),
}


@pytest.mark.parametrize("fields", GOOD.values(), ids=GOOD)
async def test_what_is_odd_but_allowed_is_served(service: Service, fields: Fields) -> None:
    peer = await service.peer()
    for stream in (1, 3):
        peer.send(wire.head(stream, wire.block(fields)), wire.data(stream, b"hello", end=True))
        assert (await peer.answer(stream)).status == 0
    expected = [(_bytes(name), _bytes(value)) for name, value in fields if not _bytes(name).startswith(b":")]
    for scope in service.app.scopes:
        assert [header for header in scope["headers"] if header[0] != b"host" or header in expected] == expected


async def test_more_headers_than_a_hundred_are_too_many(service: Service) -> None:
    peer = await service.peer()
    for stream in (1, 3):
        peer.send(wire.headers(stream, extra=[(f"x-{number}", "v") for number in range(100)], end=True))
        assert (await peer.answer(stream)).reset in (wire.PROTOCOL_ERROR, wire.ENHANCE_YOUR_CALM)
    peer.send(wire.request(5))
    assert (await peer.answer(5)).status == 0


@pytest.mark.parametrize(("length", "body"), [(4, b"hello"), (6, b"hello"), (0, b"hello"), (1, b"")])
async def test_a_body_of_another_length_than_announced_is_an_error(service: Service, length: int, body: bytes) -> None:
    peer = await service.peer()
    peer.send(wire.headers(1, extra=[("content-length", str(length))]), wire.data(1, body, end=True))
    assert (await peer.answer(1)).reset == wire.PROTOCOL_ERROR
    peer.send(wire.headers(3, extra=[("content-length", str(length))], end=length > 0))
    peer.send(b"" if length else wire.data(3, b"x"), b"" if length else wire.data(3, b"", end=True))
    assert (await peer.answer(3)).reset == wire.PROTOCOL_ERROR
    assert service.app.scopes == []


@pytest.mark.parametrize(
    "fields",
    [
        (*PSEUDO, *USUAL, ("x_name", "value")),
        *((METHOD, SCHEME, AUTHORITY, (":path", path), *USUAL) for path in ("/echo%2fa", "/echo%2Fa", "/echo%5ca")),
    ],
)
async def test_what_could_be_read_in_two_ways_is_an_invalid_argument(service: Service, fields: Fields) -> None:
    """As Envoy has it, where a client is read by Envoy: what passes there and what passes here is the same."""
    peer = await service.peer()
    for stream in (1, 3):
        peer.send(wire.head(stream, wire.block(fields)), wire.data(stream, b"x", end=True))
        answer = await peer.answer(stream)
        assert (answer.is_trailers_only, answer.status) == (True, 3)
        assert answer.headers[b"grpc-message"] == b"the request is malformed"
    assert service.app.scopes == []


async def test_padding_is_no_part_of_the_announced_length(service: Service) -> None:
    peer = await service.peer()
    padded = wire.frame(wire.DATA, wire.PADDED | wire.END_STREAM, 1, b"\x05hello" + bytes(5))
    peer.send(wire.headers(1, extra=[("content-length", "5")]), padded)
    assert (await peer.answer(1)).status == 0


def _bytes(value: str | bytes) -> bytes:
    return value.encode() if isinstance(value, str) else value
