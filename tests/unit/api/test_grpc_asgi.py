import re
from collections.abc import Iterable
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.errors import (
    DeadlineExceeded,
    Internal,
    InvalidArgument,
    MessageTooLarge,
    NotFound,
    NotGrpc,
    TooManySubscriptions,
    Unauthenticated,
)
from api.framing import EMPTY, frame
from api.gone import ClientGone
from api.grpc_asgi import (
    end_stream,
    metadata,
    refuse,
    reply_empty,
    request_message,
    shown,
    start_stream,
    status_headers,
    timeout_seconds,
    write,
)
from tests.unit.asgi import GRPC, Connection

MOST = 1000


async def read(pieces: Iterable[bytes]) -> bytes:
    return await request_message(Connection(pieces=pieces).receive, MOST)


def cut(body: bytes, size: int) -> list[bytes]:
    return [body[start : start + size] for start in range(0, len(body), size)]


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 100, 2000])
async def test_a_message_may_come_in_pieces_of_any_size(size: int) -> None:
    message = bytes(range(256)) * 3
    assert await read(cut(frame(message), size)) == message


async def test_a_message_may_come_between_empty_pieces() -> None:
    assert await read([b"", frame(b"hello"), b""]) == b"hello"


@pytest.mark.parametrize("size", [1, 2, 4, 6, 1000])
async def test_a_message_that_claims_too_much_is_refused_when_its_header_is_there(size: int) -> None:
    client = Connection(pieces=cut(b"\0" + (MOST + 1).to_bytes(4, "big") + bytes(MOST), size))
    with pytest.raises(MessageTooLarge):
        await request_message(client.receive, MOST)
    unread = sum(map(len, client._pieces))
    assert unread >= MOST - 2 * size


@pytest.mark.parametrize("size", [1, 3, 500, 5000])
async def test_a_body_longer_than_its_message_is_refused_and_not_kept(size: int) -> None:
    client = Connection(pieces=cut(frame(b"hello") + bytes(100_000), size))
    with pytest.raises(InvalidArgument):
        await request_message(client.receive, MOST)
    assert sum(map(len, client._pieces)) >= 90_000


async def test_a_body_in_very_many_pieces_costs_no_more_than_its_length() -> None:
    message = bytes(200_000)
    assert await request_message(Connection(pieces=cut(frame(message), 1)).receive, len(message)) == message


@pytest.mark.parametrize("before", [[], [b"\0\0"], [frame(b"hello")[:-1]]])
async def test_a_client_that_leaves_early_is_told_apart(before: list[bytes]) -> None:
    client = Connection(pieces=[*before, b""])
    for _ in before:
        await client.receive()
    client.leave()
    with pytest.raises(ClientGone):
        await request_message(client.receive, MOST)


def scope_with(*headers: tuple[bytes, bytes]) -> dict[str, object]:
    return {"headers": [GRPC, *headers]}


def test_metadata_is_what_the_headers_say() -> None:
    assert metadata(scope_with((b"authorization", b"token"))) == {GRPC[0]: GRPC[1], b"authorization": b"token"}


def test_two_tokens_are_one_too_many_even_when_they_are_equal() -> None:
    twice = ((b"authorization", b"token"), (b"authorization", b"token"))
    with pytest.raises(Unauthenticated, match="more than one token"):
        metadata(scope_with(*twice))


def test_other_metadata_may_come_twice() -> None:
    assert metadata(scope_with((b"agent", b"a"), (b"agent", b"b")))[b"agent"] == b"b"


@pytest.mark.parametrize("headers", [[], [(b"content-type", b"application/json")], [(b"content-type", b"")]])
def test_a_request_that_is_not_grpc_is_refused(headers: list[tuple[bytes, bytes]]) -> None:
    with pytest.raises(NotGrpc):
        metadata({"headers": headers})


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (b"1H", 3600),
        (b"2M", 120),
        (b"5S", 5),
        (b"5000m", 5),
        (b"5000000u", 5),
        (b"50000000n", 0.05),
        (b"99999999H", 99999999 * 3600),
        (None, float("inf")),
    ],
)
def test_a_timeout_is_read_in_each_unit(value: bytes | None, seconds: float) -> None:
    assert timeout_seconds(value) == pytest.approx(seconds)


@pytest.mark.parametrize("value", [b"0S", b"0n", b"00000000H"])
def test_no_time_left_is_a_deadline_that_has_passed(value: bytes) -> None:
    with pytest.raises(DeadlineExceeded):
        timeout_seconds(value)


@given(st.binary(max_size=12).filter(lambda value: not re.fullmatch(rb"[0-9]{1,8}[HMSmun]", value)))
def test_a_timeout_that_is_none_is_refused(value: bytes) -> None:
    with pytest.raises(InvalidArgument):
        timeout_seconds(value)


async def test_an_empty_reply_is_a_message_and_ok() -> None:
    client = Connection()
    await reply_empty(client.send)
    assert (client.http_status, client.body, client.status) == (200, EMPTY, 0)
    assert [event["type"].split(".")[-1] for event in client.sent] == ["start", "body", "trailers"]


async def test_an_immediate_refusal_is_trailers_only() -> None:
    client = Connection()
    await refuse(client.send, NotFound("cache 'x' does not exist"))
    assert client.is_trailers_only
    assert (client.http_status, client.status, client.message) == (200, 5, "cache 'x' does not exist")
    assert client.sent[-1].get("more_body") is False


async def test_a_stream_ends_with_its_status_in_trailers() -> None:
    client = Connection()
    await start_stream(client.send)
    await write(client.send, frame(b"x"))
    await end_stream(client.send, TooManySubscriptions("too many subscribers"))
    assert (client.body, client.status) == (frame(b"x"), 8)
    assert client.headers[b"err"] == b"topic_subscriptions_limit_exceeded"
    assert not client.is_trailers_only


async def test_a_write_to_nobody_is_a_client_that_has_gone() -> None:
    client = Connection()
    client.leave()
    with pytest.raises(ClientGone):
        await write(client.send, b"")


@given(st.text())
def test_a_message_arrives_as_it_was_written_and_is_plain_on_the_wire(message: str) -> None:
    encoded = dict(status_headers(NotFound(message)))[b"grpc-message"]
    assert unquote(encoded.decode()) == message
    assert all(0x20 <= byte < 0x7F for byte in encoded)


def test_a_percent_sign_is_escaped_and_a_space_is_not() -> None:
    assert dict(status_headers(NotFound("100 % é")))[b"grpc-message"] == b"100 %25 %C3%A9"


def test_only_errors_that_sdks_read_one_for_carry_an_err() -> None:
    assert b"err" not in dict(status_headers(NotFound("x")))


def test_an_unknown_error_is_logged_and_says_nothing(caplog: pytest.LogCaptureFixture) -> None:
    reason = shown(RuntimeError("password is hunter2"))
    assert (type(reason), reason.message) == (Internal, "internal error")
    assert "hunter2" in caplog.text
    assert shown(ours := NotFound("x")) is ours
