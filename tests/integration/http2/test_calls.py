"""Calls as a client by the book makes them, and what an application is told and may do."""

import logging

import pytest

from tests.integration.http2 import wire
from tests.integration.http2.serving import Service


async def test_a_call_is_answered_with_what_the_application_says(service: Service) -> None:
    client = await service.client()
    answer = await client.call("/echo", b"hello")
    assert answer.headers == {b":status": b"200", b"content-type": b"application/grpc"}
    assert (bytes(answer.body), answer.trailers) == (b"hello", {b"grpc-status": b"0"})


async def test_the_application_is_told_of_the_request(service: Service) -> None:
    client = await service.client()
    await client.call("/echo/?a=b", extra=[("x-name", "a value"), ("x-name", "another"), ("x-bin", b"\xff\xfe")])
    (scope,) = service.app.scopes
    told = {name: scope[name] for name in ("type", "method", "scheme", "path", "raw_path", "query_string")}
    assert told == {
        "type": "http",
        "method": "POST",
        "scheme": "http",
        "path": "/echo/",
        "raw_path": b"/echo/",
        "query_string": b"a=b",
    }
    names = [(b"content-type", b"application/grpc"), (b"te", b"trailers")]
    values = [(b"x-name", b"a value"), (b"x-name", b"another"), (b"x-bin", b"\xff\xfe")]
    assert [header for header in scope["headers"] if header[0] != b"host"] == names + values
    assert dict(scope["headers"])[b"host"] == b"localhost"


async def test_a_path_comes_decoded_and_raw(service: Service) -> None:
    client = await service.client()
    await client.call("/echo/%E2%82%AC%20")
    (scope,) = service.app.scopes
    assert (scope["path"], scope["raw_path"]) == ("/echo/€ ", b"/echo/%E2%82%AC%20")


@pytest.mark.parametrize("path", ["/%ff", "/%ED%A0%80", b"/\xff", "/a%C3"])
async def test_a_path_that_is_no_text_is_an_invalid_argument(service: Service, path: str | bytes) -> None:
    peer = await service.peer()
    fields = [(name, path if name == ":path" else value) for name, value in wire.fields()]
    peer.send(wire.head(1, wire.block(fields)), wire.data(1, b"x", end=True))
    answer = await peer.answer(1)
    assert (answer.is_trailers_only, answer.status) == (True, 3)
    assert service.app.scopes == []


async def test_what_one_application_does_to_its_scope_no_other_sees(service: Service) -> None:
    client = await service.client()
    for _ in range(5):
        await client.call("/echo")
        scope = service.app.scopes[-1]
        assert "mine" not in scope
        scope["mine"] = True  # type: ignore[index]


async def test_a_body_without_anything_is_empty(service: Service) -> None:
    client = await service.client()
    assert (await client.call("/echo", b"")).status == 0
    stream = client.open("/echo", end=True)
    assert (await client.answer(stream)).status == 0
    assert service.app.bodies == [b"", b""]


async def test_a_body_reaches_the_application_when_it_is_whole(service: Service) -> None:
    client = await service.client()
    stream = client.open("/echo")
    for part in (b"a", b"bc", b"def"):
        client.data(stream, part, end=False)
        client.h2.ping(b"12345678")
    client.flush()
    await client.call("/echo", b"another")
    assert service.app.bodies == [b"another"]
    client.data(stream, b"!", end=True)
    assert bytes((await client.answer(stream)).body) == b"abcdef!"


async def test_trailers_of_a_request_end_its_body(service: Service) -> None:
    client = await service.client()
    stream = client.open("/echo")
    client.data(stream, b"hello", end=False)
    client.h2.send_headers(stream, [(b"x-checksum", b"1")], end_stream=True)
    client.flush()
    answer = await client.answer(stream)
    assert (answer.status, bytes(answer.body)) == (0, b"hello")


async def test_an_answer_of_trailers_alone_is_one_frame(service: Service) -> None:
    peer = await service.peer()
    peer.send(wire.request(1, "/refuses"))
    answer = await peer.answer(1)
    assert (answer.is_trailers_only, answer.status) == (True, 5)
    assert len(peer.of(wire.HEADERS)) == 1
    assert peer.of(wire.DATA) == []


@pytest.mark.parametrize("method", ["raises", "raises_started", "returns"])
async def test_an_application_without_an_answer_is_an_internal_error(service: Service, method: str) -> None:
    client = await service.client()
    answer = await client.call(f"/{method}")
    assert (answer.is_trailers_only, answer.status) == (True, 13)


@pytest.mark.parametrize("method", ["raises", "raises_midway"])
async def test_what_an_application_raises_is_told_in_the_log(
    service: Service, method: str, caplog: pytest.LogCaptureFixture
) -> None:
    client = await service.client()
    with caplog.at_level(logging.ERROR):
        await client.call(f"/{method}")
    assert any(record.exc_info for record in caplog.records)


@pytest.mark.parametrize("method", ["raises_midway", "returns_midway"])
async def test_half_an_answer_ends_with_a_reset(service: Service, method: str) -> None:
    client = await service.client()
    answer = await client.call(f"/{method}")
    assert (answer.reset, answer.status) == (wire.INTERNAL_ERROR, None)
    assert (await client.call("/echo")).status == 0


@pytest.mark.parametrize("kind", ["application/grpc", "application/grpc+proto", "application/grpc+json"])
async def test_grpc_is_served_in_each_of_its_forms(service: Service, kind: str) -> None:
    peer = await service.peer()
    peer.send(wire.head(1, wire.block(wire.fields(usual=[("content-type", kind)])), end=True))
    assert (await peer.answer(1)).status == 0


@pytest.mark.parametrize(
    ("method", "usual"),
    [
        ("GET", wire.GRPC),
        ("PUT", wire.GRPC),
        ("OPTIONS", wire.GRPC),
        ("POST", [("content-type", "application/json")]),
        ("POST", [("content-type", "application/grpc-web")]),
        ("POST", [("content-type", "application/grpc-web+proto")]),
        ("POST", [("content-type", "application/grpcx")]),
        ("POST", []),
    ],
)
async def test_what_is_not_grpc_is_sent_elsewhere(service: Service, method: str, usual: wire.Fields) -> None:
    peer = await service.peer()
    peer.send(wire.head(1, wire.block(wire.fields(method=method, usual=usual)), end=True))
    assert (await peer.answer(1)).reset == wire.HTTP_1_1_REQUIRED
    peer.send(wire.request(3))
    assert (await peer.answer(3)).status == 0
    assert len(service.app.scopes) == 1


async def test_a_body_over_the_limit_is_refused(service: Service) -> None:
    client = await service.client()
    answer = await client.call("/count", b"x" * (5 * 1024**2 + 1))
    assert (answer.is_trailers_only, answer.status) == (True, 8)
    answer = await client.call("/count", b"x" * (5 * 1024**2))
    assert (answer.status, bytes(answer.body)) == (0, b"5242880")


async def test_the_application_hears_that_its_client_left(service: Service) -> None:
    client = await service.client()
    reset, abandoned = client.begin("/silent"), client.begin("/opened")
    await client.until(lambda: len(client.answers[abandoned].body) == 5)
    await service.until(lambda: service.app.running == 2)
    client.reset(reset)
    await service.until(lambda: service.app.left == 1)
    client.close()
    await service.until(lambda: service.app.left == 2)


async def test_a_blocked_answer_hears_that_its_client_left(service: Service) -> None:
    client = await service.client()
    client.grants = False
    first, second = client.begin("/stream/100/1000"), client.begin("/stream/100/1000")
    await client.until(lambda: sum(len(answer.body) for answer in client.answers.values()) == wire.WINDOW_BYTES)
    client.reset(first)
    await service.until(lambda: service.app.left == 1)
    client.reset(second)
    await service.until(lambda: service.app.left == 2)
