"""One request and its answer: what the ASGI application reads and writes."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any

from http2 import endings
from http2.at_once import Answer
from http2.blocks import answer, fields, trailers
from http2.endings import ClientLeft, Ending, How
from http2.frames import Code, Flag
from http2.leaving import Leaving
from http2.refusals import Refusal
from http2.rules import LEFT_EVENT, Head
from http2.whole import whole

if TYPE_CHECKING:
    from http2.connection import Connection

Message = dict[str, Any]
Fields = Sequence[tuple[bytes, bytes]]


class Stream:
    """A stream of HTTP/2 whose request has begun.

    Attributes:
        head: The headers of the request.
        began: When they had come; by the loop's clock.
        window: How much its client takes.
        granted: How much it has ever taken, or may still be sent.
        pending: What waits for that, each with whether it ends the stream, and whom to tell.
        body: What has come of the request, until the application takes it.
        received_bytes: How long that was.
        status: Of HTTP, once something of the answer was written; 0 before.
        headers: What the answer began with.
        trailers: What it ended with.
        ending: How it has ended, once it has.
        held_bytes: So much of it counts among what all connections hold.
        since: When the request began, or when something was written last while more waits; by the loop's clock.
        left: What the application wants called when its client has left before the answer's end.
        is_gone: The client has left, or the stream was reset.
        is_whole: The request has ended.
        is_ended: The answer has been handed over, all of it.
        is_unsent: It was answered without a call of the application, and the answer waits.
        is_queued: It stands in the connection's queue of those that may write.
    """

    __slots__ = (
        "_connection", "_has_trailers", "_start", "began", "body", "ending", "granted", "head", "headers", "held_bytes",
        "id", "is_ended", "is_gone", "is_queued", "is_unsent", "is_whole", "left", "pending", "received_bytes",
        "since", "status", "trailers", "window",
    )  # fmt: skip

    def __init__(self, connection: "Connection", number: int, head: Head, window: int, now: float) -> None:
        self.id = number
        self.head = head
        self.window = self.granted = window
        self.began = self.since = now
        self.received_bytes = 0
        self.status = 0
        self.headers: Fields = ()
        self.trailers: Fields = ()
        self.ending: Ending = endings.ANSWERED
        self.held_bytes = 0
        self.pending: deque[tuple[memoryview | bytes, int, asyncio.Future[None] | None]] | None = None
        self.body: bytes | bytearray = b""
        self.left: Callable[[], None] | None = None
        self.is_gone = False
        self.is_whole = False
        self.is_ended = False
        self.is_queued = False
        self.is_unsent = False
        self._has_trailers = False
        self._start: Message | None = None
        self._connection = connection

    def __repr__(self) -> str:
        state = "gone" if self.is_gone else "ended" if self.is_ended else "answering" if self.status else "asked"
        return f"<Stream {self.id} {state}, {len(self.pending or ())} waiting, window {self.window}>"

    @property
    def client(self) -> tuple[str, int] | None:
        """Whose it is: an address and a port, where that is known."""
        return self._connection.client

    @property
    def sent_bytes(self) -> int:
        """How much of the answer's body was sent."""
        return self.granted - self.window

    def told(self, name: bytes) -> bytes | None:
        """Return what a trailer of the answer says, or a header of it."""
        for headers in (self.trailers, self.headers):
            for each, value in headers:
                if each == name:
                    return value
        return None

    def add(self, payload: bytes) -> None:
        """Take a part of the request's body."""
        self.received_bytes += len(payload)
        if not self.body:
            self.body = payload
        elif isinstance(self.body, bytearray):
            self.body += payload
        else:
            self.body = bytearray(self.body + payload)

    async def receive(self) -> Message:
        """Return the request's body, whole; then nothing, or that the client has left. It never waits."""
        if self.is_gone:
            return {"type": "http.disconnect"}
        body, self.body = self.body, b""
        return {"type": "http.request", "body": bytes(body), "more_body": False}

    def send(self, event: Message) -> Awaitable[None]:
        """Take an event of the answer; return what is done when the connection has taken it.

        It raises `ClientLeft`, an OSError, where nobody reads the stream any more.
        """
        connection = self._connection
        if self.is_gone:
            return connection.failed()
        kind = event["type"]
        if kind == "http.response.body":
            if self._start is None and event.get("more_body"):
                return connection.sending.data(self, event["body"], 0)
            return self._body(event.get("body", b""), more=event.get("more_body", False))
        if kind == "http.response.start":
            self._start = event
            return connection.taken
        if kind == LEFT_EVENT:
            self.left = event["call"]
            return connection.taken
        self.is_ended = True
        self.trailers = tuple(event["headers"])
        return connection.end(self, trailers(self.trailers))

    def answer(self, answered: Answer) -> None:
        """Take a whole answer."""
        self.status = 200
        self.headers = answered.headers
        self.trailers = answered.trailers
        self.is_ended = True
        if answered.trailers:
            self._connection.sending.whole(self, whole(answered))
        else:
            self._connection.end(self, answer(200, answered.headers))

    def come(self, answer: Answer) -> None:
        """See `http2.at_once.Promise`."""
        self._connection.come(self, answer)

    def _body(self, body: bytes, *, more: bool) -> Awaitable[None]:
        connection = self._connection
        ends = not more
        if (start := self._start) is not None:
            self._start = None
            self.status = start["status"]
            self.headers = start["headers"]
            connection.begun()
            self._has_trailers = bool(start.get("trailers"))
            self.is_ended = ends and not self._has_trailers
            head = answer(self.status, tuple(self.headers))
            if self.is_ended and not body:
                return connection.end(self, head)
            connection.sending.headers(self, head, 0)
        elif ends and not self._has_trailers:
            self.is_ended = True
        if body or self.is_ended:
            return connection.sending.data(self, body, Flag.END_STREAM if self.is_ended else 0)
        return connection.taken

    def fail(self, refusal: Refusal) -> None:
        """End it for the client, whatever the application does: with a refusal, where nothing was said yet."""
        if self.status:
            self._connection.cut(self, Code.INTERNAL_ERROR, endings.FAILED)
            return
        self.status = 200
        self.headers = refusal.headers()
        self.ending = Ending(How.REFUSED, refusal.name)
        self.is_ended = True
        self._connection.end(self, fields([(b":status", b"200"), *self.headers]))

    def leave(self, leaving: Leaving) -> None:
        """Take note that its client is gone; whoever waits for it is told, the application by way of `leaving`."""
        self.is_gone = True
        self.body = b""
        left, self.left = self.left, None
        if left is not None:
            leaving.add(left)
        pending, self.pending = self.pending, None
        for _, _, waiter in pending or ():
            if waiter is not None and not waiter.done():
                waiter.set_exception(ClientLeft())
                waiter.exception()  # the application may have given up before; nobody is to be told of that
