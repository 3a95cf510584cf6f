"""gRPC calls on a bare ASGI connection: the request's metadata and message in, the status out.

Used by the hot path, where a framework would cost more than the work itself. An immediate error is answered as
trailers only, since some SDKs see a status only in the first frame of headers.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any, NamedTuple, Protocol
from urllib.parse import quote

from api import request_ids
from api.errors import DeadlineExceeded, Internal, InvalidArgument, NotGrpc, TidingsError, Unauthenticated
from api.framing import EMPTY, HEADER_BYTES, check_length, unframe
from api.gone import ClientGone, forgotten
from api.items import HEARTBEAT

Scope = Mapping[str, Any]
Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]

CONTENT_TYPE = (b"content-type", b"application/grpc")


class Answer(NamedTuple):
    """A whole answer to a call: a body between headers and trailers, or headers alone."""

    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes = b""
    trailers: tuple[tuple[bytes, bytes], ...] = ()


class Promise(Protocol):
    """A call that is to be answered."""

    def come(self, answer: Answer) -> None:
        """Take the answer, once."""
        ...


NOTHING = Answer((CONTENT_TYPE,), EMPTY, ((b"grpc-status", b"0"),))
"""A message without fields, and OK."""

_START: Message = {"type": "http.response.start", "status": 200, "headers": [CONTENT_TYPE], "trailers": True}
_EMPTY_BODY: Message = {"type": "http.response.body", "body": EMPTY, "more_body": False}
_NO_BODY: Message = {"type": "http.response.body", "body": b"", "more_body": False}
_HEARTBEAT: Message = {"type": "http.response.body", "body": HEARTBEAT, "more_body": True}
_OK: Message = {"type": "http.response.trailers", "headers": [(b"grpc-status", b"0")]}
_LEFT = "tidings.left"
_UNESCAPED = "".join(map(chr, range(0x20, 0x7F))).replace("%", "")
_SECONDS = {b"H": 3600.0, b"M": 60.0, b"S": 1.0, b"m": 1e-3, b"u": 1e-6, b"n": 1e-9}

_log = logging.getLogger(__name__)


def metadata(scope: Scope) -> dict[bytes, bytes]:
    """Return the metadata of a gRPC request.

    Raises:
        NotGrpc: the request does not speak gRPC.
        Unauthenticated: it holds two tokens; which one counts must never be a matter of order.
    """
    headers: list[tuple[bytes, bytes]] = scope["headers"]
    found = dict(headers)
    if not found.get(b"content-type", b"").startswith(b"application/grpc"):
        raise NotGrpc("this path speaks gRPC only; send content-type application/grpc")
    if len(found) != len(headers) and sum(1 for name, _ in headers if name == b"authorization") > 1:
        raise Unauthenticated("the request carries more than one token")
    return found


def client_address(scope: Scope) -> str:
    """Return the client's address as the edge knows it; empty where it does not tell."""
    client = scope.get("client")
    return client[0] if client else ""


def is_direct(scope: Scope) -> bool:
    """Whether no proxy of this machine stands between the client and the server, which then says so."""
    return "tidings.direct" in scope.get("extensions", ())


def timeout_seconds(value: bytes | None) -> float:
    """Return how long the client waits by its `grpc-timeout`; infinity where it does not say.

    Raises:
        InvalidArgument: the value is not one.
        DeadlineExceeded: there is no time left at all.
    """
    if value is None:
        return float("inf")
    unit = _SECONDS.get(value[-1:])
    if unit is None or not value[:-1].isdigit() or len(value) > 9:
        raise InvalidArgument("the metadata 'grpc-timeout' is not a number of up to 8 digits and a unit")
    seconds = int(value[:-1]) * unit
    if seconds <= 0:
        raise DeadlineExceeded("the client's deadline has passed")
    return seconds


async def request_message(receive: Receive, most: int, encoding: bytes = b"") -> bytes:
    """Read the one message of a request.

    Raises:
        ClientGone: the client left first.
        TidingsError: see `api.framing.unframe`; a message that claims to be too long is refused before it is read.
    """
    event = await receive()
    if event["type"] == "http.request" and not event.get("more_body"):
        return unframe(event.get("body", b""), most, encoding)
    body = bytearray()
    while event["type"] == "http.request":
        body += event.get("body", b"")
        check_length(body, most)
        if len(body) > most + HEADER_BYTES:
            raise InvalidArgument("the request body is longer than its gRPC message says")
        if not event.get("more_body"):
            return unframe(bytes(body), most, encoding)
        event = await receive()
    raise ClientGone


async def reply_empty(send: Send) -> None:
    """Answer a unary call with a message without fields, and OK."""
    await send(_START)
    await send(_EMPTY_BODY)
    await send(_OK)


async def start_stream(send: Send) -> None:
    """Begin a stream of messages; it goes out with the first of them."""
    await send(_START)


async def write(send: Send, frames: bytes) -> None:
    """Write whole frames, or whole events, to a stream. Returns when the edge has taken them.

    Raises:
        ClientGone: nobody reads the stream any more.
    """
    await _sent(send, {"type": "http.response.body", "body": frames, "more_body": True})


def wrote(send: Send, frames: bytes) -> "asyncio.Future[None]":
    """Write as `write` does, at once; return what is done when the edge has taken it, or has an OSError."""
    return asyncio.ensure_future(send({"type": "http.response.body", "body": frames, "more_body": True}))


async def when_left(scope: Scope, send: Send, call: Callable[[], None]) -> None:
    """Have `call` called when the client leaves, where the server tells of that; elsewhere a write finds out.

    Raises:
        ClientGone: it has left.
    """
    if _LEFT in scope.get("extensions", ()):
        await _sent(send, {"type": _LEFT, "call": call})


async def _sent(send: Send, event: Message) -> None:
    try:
        await send(event)
    except OSError as reason:
        forgotten(reason)
        raise ClientGone from reason


def beating(send: Send) -> Callable[[], Awaitable[None]]:
    """Return what writes a heartbeat to a stream at once, and returns what tells when the edge has taken it, or not."""
    return partial(send, _HEARTBEAT)


async def refuse(send: Send, error: TidingsError) -> None:
    """Answer a call, of which nothing was answered yet, with an error: trailers only, or a plain 415."""
    status = error.http if isinstance(error, NotGrpc) else 200
    headers = list(refusal(error).headers)
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send(_NO_BODY)


def refusal(error: TidingsError) -> Answer:
    """Return the answer to a gRPC call with an error: trailers only."""
    return Answer((CONTENT_TYPE, *status_headers(error)))


async def end_stream(send: Send, error: TidingsError) -> None:
    """End a stream that has begun with an error."""
    await send(_NO_BODY)
    await send({"type": "http.response.trailers", "headers": status_headers(error)})


def status_headers(error: TidingsError) -> list[tuple[bytes, bytes]]:
    """Return the trailers that tell of an error."""
    headers = [
        (b"grpc-status", b"%d" % error.grpc),
        (b"grpc-message", escaped(error.message)),
    ]
    if error.err:
        headers.append((b"err", error.err.encode()))
    return headers + request_ids.header()


def escaped(message: str) -> bytes:
    """Return a message as `grpc-message` carries it: escaped is what is not printable ASCII, and the percent sign."""
    return quote(message, safe=_UNESCAPED).encode()


def shown(error: Exception) -> TidingsError:
    """Return what a client may see of `error`. One that is not ours is logged and speaks of nothing."""
    if isinstance(error, TidingsError):
        return error
    _log.error("a request failed", exc_info=error)
    return Internal()
