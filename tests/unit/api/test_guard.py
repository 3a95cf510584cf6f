import json
import logging

import pytest

from api.asgi import Guard, is_grpc, send_json
from api.errors import NotFound, PublishRateExceeded
from api.framing import EMPTY, frame
from api.gone import ClientGone
from api.grpc_asgi import ASGIApp, Message, Receive, Scope, Send, refuse, reply_empty, start_stream, write
from tests.unit.asgi import GRPC, Connection

HTTP = (b"content-type", b"application/json")
STREAM: Message = {"type": "http.response.start", "status": 200, "headers": [GRPC], "trailers": True}


async def grpc(app: ASGIApp) -> Connection:
    return await Connection().through(Guard(app))


async def http(app: ASGIApp, method: str = "GET") -> Connection:
    return await Connection(headers=[HTTP], method=method).through(Guard(app))


async def breaks(scope: Scope, receive: Receive, send: Send) -> None:
    raise RuntimeError("password is hunter2")


async def refuses(scope: Scope, receive: Receive, send: Send) -> None:
    raise NotFound("cache 'x' does not exist")


async def says_nothing(scope: Scope, receive: Receive, send: Send) -> None:
    return


async def starts_and_breaks(scope: Scope, receive: Receive, send: Send) -> None:
    await start_stream(send)
    await write(send, frame(b"x"))
    raise RuntimeError("password is hunter2")


async def starts_and_leaves_it(scope: Scope, receive: Receive, send: Send) -> None:
    await start_stream(send)
    await write(send, frame(b"x"))


async def only_starts(scope: Scope, receive: Receive, send: Send) -> None:
    await start_stream(send)


async def answers_500_and_breaks(scope: Scope, receive: Receive, send: Send) -> None:
    """Do what web frameworks do: answer an exception, and raise it again for whoever logs it."""
    await send_json(send, 500, {"message": "oops"})
    raise RuntimeError("password is hunter2")


@pytest.mark.parametrize("app", [breaks, says_nothing, only_starts, answers_500_and_breaks])
async def test_a_grpc_call_that_fails_before_its_first_message_gets_one_internal_error(app: ASGIApp) -> None:
    client = await grpc(app)
    assert (client.status, client.message) == (13, "internal error")
    assert client.is_trailers_only
    assert len(client.starts) == 1
    assert len([event for event in client.sent if event["type"] == "http.response.body"]) == 1


@pytest.mark.parametrize("app", [starts_and_breaks, starts_and_leaves_it])
async def test_a_stream_that_fails_later_ends_with_an_internal_error(app: ASGIApp) -> None:
    client = await grpc(app)
    assert (client.body, client.status, client.message) == (frame(b"x"), 13, "internal error")
    assert len(client.starts) == len(client.trailers) == 1


async def test_an_error_of_ours_is_told_as_it_is() -> None:
    client = await grpc(refuses)
    assert (client.status, client.message, client.is_trailers_only) == (5, "cache 'x' does not exist", True)
    assert client.headers[b"x-request-id"]
    client = await http(refuses)
    assert (client.http_status, json.loads(client.body)) == (
        404,
        {
            "code": "not_found",
            "message": "cache 'x' does not exist",
            "request_id": client.headers[b"x-request-id"].decode(),
        },
    )


async def test_what_goes_well_is_left_as_it_is() -> None:
    async def works(scope: Scope, receive: Receive, send: Send) -> None:
        await reply_empty(send)

    client = await grpc(works)
    assert (client.body, client.status, len(client.sent)) == (EMPTY, 0, 3)


@pytest.mark.parametrize("empty_body", [True, False])
async def test_a_status_without_a_message_becomes_trailers_only(*, empty_body: bool) -> None:
    async def framework(scope: Scope, receive: Receive, send: Send) -> None:
        await send(STREAM)
        if empty_body:
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        trailers = [(b"grpc-status", b"7"), (b"grpc-message", b"no")]
        await send({"type": "http.response.trailers", "headers": trailers})

    client = await grpc(framework)
    assert (client.status, client.message, client.is_trailers_only) == (7, "no", True)
    assert client.headers[b"content-type"] == b"application/grpc"


async def test_a_message_is_escaped_no_more_than_must_be() -> None:
    """One SDK shows an escaped comma as it came."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(STREAM)
        trailers = [(b"grpc-status", b"3"), (b"grpc-message", b"1%20to%202%2C%20not%20100%25%20%C3%BC")]
        await send({"type": "http.response.trailers", "headers": trailers})

    client = await grpc(app)
    assert client.headers[b"grpc-message"] == b"1 to 2, not 100%25 %C3%BC"


async def test_trailers_only_from_the_application_pass() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await refuse(send, NotFound("x"))

    client = await grpc(app)
    assert (client.status, client.is_trailers_only, len(client.sent)) == (5, True, 2)


@pytest.mark.parametrize(
    ("status", "grpc_status"), [(404, 12), (405, 12), (503, 14), (429, 14), (500, 13), (401, 13), (200, 13)]
)
async def test_an_answer_that_is_not_grpc_becomes_a_status(status: int, grpc_status: int) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send_json(send, status, {"detail": "secret"})

    client = await grpc(app)
    assert (client.status, client.is_trailers_only, len(client.starts)) == (grpc_status, True, 1)
    assert b"secret" not in client.body


async def test_an_http_request_that_fails_gets_one_honest_answer() -> None:
    for app in (breaks, says_nothing):
        client = await http(app)
        assert (client.http_status, json.loads(client.body)["code"]) == (500, "internal")
        assert b"hunter2" not in client.body


async def test_an_http_answer_that_is_complete_is_not_taken_back() -> None:
    client = await http(answers_500_and_breaks)
    assert (client.http_status, json.loads(client.body)) == (500, {"message": "oops"})


async def test_an_http_answer_that_breaks_off_is_cut() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"half", "more_body": True})
        raise RuntimeError("no more")

    with pytest.raises(ConnectionAbortedError):
        await http(app)


async def test_a_limit_over_http_says_when_to_try_again() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        raise PublishRateExceeded("slowly")

    client = await http(app)
    assert (client.http_status, client.headers[b"retry-after"]) == (429, b"1")


async def test_what_breaks_is_logged_where_it_broke(caplog: pytest.LogCaptureFixture) -> None:
    for app in (breaks, starts_and_breaks, answers_500_and_breaks):
        caplog.clear()
        with caplog.at_level(logging.ERROR):
            await grpc(app)
        assert "hunter2" in caplog.text


async def test_every_options_request_is_answered() -> None:
    client = await http(breaks, method="OPTIONS")
    assert (client.http_status, client.body) == (204, b"")
    assert b"POST" in client.headers[b"allow"]


async def test_a_client_that_left_is_nobodys_failure(caplog: pytest.LogCaptureFixture) -> None:
    client = Connection()
    client.leave()
    with pytest.raises(ClientGone):
        await client.through(Guard(starts_and_breaks))
    assert "hunter2" not in caplog.text


async def test_what_is_not_a_request_passes() -> None:
    passed: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        passed.append(scope["type"])

    client = Connection()
    await Guard(app)({"type": "lifespan"}, client.receive, client.send)
    assert passed == ["lifespan"]


@pytest.mark.parametrize(
    ("content_type", "answer"),
    [(b"application/grpc", True), (b"application/grpc+proto", True), (b"application/json", False), (b"", False)],
)
def test_a_grpc_request_is_known_by_its_content_type(content_type: bytes, *, answer: bool) -> None:
    assert is_grpc({"headers": [(b"content-type", content_type)]}) is answer
