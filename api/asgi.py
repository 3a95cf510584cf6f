"""The outermost layer of every ASGI application here.

The edge answers a gRPC request with OK when the application raises, and hangs when the application says nothing. So
this layer sees to it that each request gets exactly one honest answer, in the form that its protocol asks for.
"""

import json
import logging
from urllib.parse import unquote

from api import request_ids
from api.errors import Internal, TidingsError, Unavailable, Unimplemented
from api.gone import forgotten
from api.grpc_asgi import ASGIApp, Message, Receive, Scope, Send, end_stream, escaped, refuse, shown
from api.log_context import binding

_log = logging.getLogger(__name__)

_ALLOWED = b"GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"


def is_grpc(scope: Scope) -> bool:
    """Whether a request speaks gRPC. gRPC-Web has been translated by the edge before."""
    return any(name == b"content-type" and value.startswith(b"application/grpc") for name, value in scope["headers"])


async def send_json(send: Send, status: int, body: object, headers: tuple[tuple[bytes, bytes], ...] = ()) -> None:
    """Answer with a JSON body."""
    data = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    all_headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(data)), *headers]
    await send({"type": "http.response.start", "status": status, "headers": all_headers})
    await send({"type": "http.response.body", "body": data, "more_body": False})


async def send_error(send: Send, error: TidingsError) -> None:
    """Answer an HTTP request with an error."""
    seconds = error.retry_seconds
    retry = () if seconds is None else ((b"retry-after", b"%d" % seconds),)
    await send_json(send, error.http, told(error), retry)


def told(error: TidingsError) -> dict[str, object]:
    """Return the JSON body of an error."""
    body: dict[str, object] = {"code": error.code, "message": error.message}
    request_id = request_ids.current()
    return {**body, "request_id": request_id} if request_id else body


async def identified(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Serve an HTTP request under its id, which its answer tells."""

    async def answer(event: Message) -> None:
        if event["type"] == "http.response.start":
            event = {**event, "headers": [*event["headers"], *request_ids.header()]}
        await send(event)

    with binding(request_id=request_ids.of(scope)):
        await app(scope, receive, answer)


def without_body(send: Send) -> Send:
    """Return a `send` for HEAD, which leaves the body out; a client would take it for the next answer's beginning."""

    async def headers_only(event: Message) -> None:
        await send({**event, "body": b""} if event["type"] == "http.response.body" else event)

    return headers_only


class Guard:
    """Wraps an application whose answers are not to be trusted with the edge as they are."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif scope["method"] == "OPTIONS":
            await send({"type": "http.response.start", "status": 204, "headers": [(b"allow", _ALLOWED)]})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        elif is_grpc(scope):
            with binding(request_id=request_ids.of(scope)):
                await _guarded(self._app, scope, receive, _GrpcAnswer(send))
        else:
            await identified(self._over_http, scope, receive, send)

    async def _over_http(self, scope: Scope, receive: Receive, send: Send) -> None:
        await _guarded(self._app, scope, receive, _HttpAnswer(send))


class _Answer:
    """What an application has sent of its answer so far."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.started = False
        self.finished = False

    async def send(self, event: Message) -> None:
        raise NotImplementedError

    async def fail(self, error: TidingsError) -> None:
        """Say that the request failed, in whatever way is still open."""
        raise NotImplementedError


class _HttpAnswer(_Answer):
    async def send(self, event: Message) -> None:
        self.started = True
        self.finished = event["type"] == "http.response.body" and not event.get("more_body")
        await self._send(event)

    async def fail(self, error: TidingsError) -> None:
        if self.started:
            raise ConnectionAbortedError(error.message)
        await send_error(self._send, error)


class _GrpcAnswer(_Answer):
    """Holds the start back until it is known what follows, to make an immediate status trailers-only."""

    def __init__(self, send: Send) -> None:
        super().__init__(send)
        self._start: Message | None = None
        self._refused: TidingsError | None = None

    async def send(self, event: Message) -> None:
        match event["type"]:
            case "http.response.start":
                self._start = event
                self._refused = _not_grpc(event)
            case "http.response.body" if self._refused is not None:
                if not event.get("more_body"):
                    await self.fail(self._refused)
            case "http.response.body" if self._start is not None and not event.get("body"):
                self.finished = not self._start.get("trailers") and not event.get("more_body")
                if self.finished:
                    self._start = {**self._start, "headers": [*self._start["headers"], *request_ids.header()]}
                    await self._begin()
                    await self._send(event)
            case "http.response.trailers" if self._start is not None:
                headers = [*self._start["headers"], *map(_readable, event["headers"]), *request_ids.header()]
                self._start, self.started, self.finished = None, True, True
                await self._send({"type": "http.response.start", "status": 200, "headers": headers})
                await self._send({"type": "http.response.body", "body": b"", "more_body": False})
            case "http.response.trailers":
                self.finished = True
                await self._begin()
                await self._send({**event, "headers": [*map(_readable, event["headers"]), *request_ids.header()]})
            case _:
                await self._begin()
                await self._send(event)

    async def fail(self, error: TidingsError) -> None:
        self.finished = True
        if self.started:
            await end_stream(self._send, error)
        else:
            self.started = True
            await refuse(self._send, error)

    async def _begin(self) -> None:
        self.started = True
        if self._start is not None:
            start, self._start = self._start, None
            await self._send(start)


def _readable(header: tuple[bytes, bytes]) -> tuple[bytes, bytes]:
    """Return a trailer whose message has no more escaped than must be: one SDK shows `%2C` and not a comma."""
    name, value = header
    return (name, escaped(unquote(value.decode("latin-1")))) if name == b"grpc-message" else header


def _not_grpc(start: Message) -> TidingsError | None:
    headers = dict(start["headers"])
    if start["status"] == 200 and headers.get(b"content-type", b"").startswith(b"application/grpc"):
        return None
    match start["status"]:
        case 404 | 405:
            return Unimplemented("this service does not offer that method")
        case 429 | 502 | 503 | 504:
            return Unavailable("the service cannot answer now")
        case _:
            return Internal()


async def _guarded(app: ASGIApp, scope: Scope, receive: Receive, answer: _Answer) -> None:
    try:
        await app(scope, receive, answer.send)
    except OSError as reason:
        if answer.started:
            raise
        forgotten(reason)
        await answer.fail(Internal())
    except Exception as error:  # noqa: BLE001 - the edge would answer OK
        reason = shown(error)
        if not answer.finished:  # web frameworks raise again what they have answered
            await answer.fail(reason)
    else:
        if not answer.finished:
            _log.error("%s was left without an answer", scope["path"])
            await answer.fail(Internal())
