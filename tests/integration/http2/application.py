"""An application for the server to serve, whose methods do what the first word of their path says."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

from api.framing import frame
from api.grpc_asgi import CONTENT_TYPE, Answer, Message, Promise, Receive, Scope, Send
from http2.rules import LEFT_EVENT

START: Message = {"type": "http.response.start", "status": 200, "headers": [CONTENT_TYPE], "trailers": True}
OK: Message = {"type": "http.response.trailers", "headers": [(b"grpc-status", b"0")]}


def piece(body: bytes, *, more: bool = True) -> Message:
    return {"type": "http.response.body", "body": body, "more_body": more}


class Broken(Exception):
    """What an application raises that has an error in it."""


class Echo:
    """Answers at once with what came, but for what is to wait, or is refused; what is owed is answered later."""

    def __init__(self, owed: list[Promise]) -> None:
        self._owed = owed

    def answer(self, body: bytes, promise: Promise) -> bool:
        if body == b"wait":
            return False
        if body == b"raise":
            raise Broken
        if body == b"owe":
            self._owed.append(promise)
        elif body == b"refuse":
            promise.come(Answer((CONTENT_TYPE, (b"grpc-status", b"5"))))
        else:
            promise.come(Answer((CONTENT_TYPE,), body, ((b"grpc-status", b"0"),)))
        return True


class Application:
    """What came, and how many of its calls run."""

    def __init__(self) -> None:
        self.scopes: list[Scope] = []
        self.bodies: list[bytes] = []
        self.owed: list[Promise] = []
        self.offered: list[Scope] = []
        """Of what it was asked whether it answers at once."""
        self.running = 0
        self.left = 0
        """Calls whose client went away before they were done."""
        self.sent_bytes = 0
        """What the connections have taken of answers."""
        self.go = asyncio.Event()
        """Lets go whoever is held."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scopes.append(scope)
        _, word, *arguments = scope["path"].split("/")
        method: Callable[..., Coroutine[Any, Any, None]] = getattr(self, word)
        self.running += 1
        try:
            await method(receive, send, *map(int, arguments))
        except OSError:
            self.left += 1
        finally:
            self.running -= 1

    def at_once(self, scope: Scope, client: tuple[str, int] | None) -> Echo | None:
        self.offered.append({**scope, "client": client})
        return Echo(self.owed) if scope["query_string"] == b"at_once" else None

    async def echo(self, receive: Receive, send: Send) -> None:
        """Answer with what came."""
        await self.answer(send, await self.body(receive))

    async def count(self, receive: Receive, send: Send) -> None:
        """Answer with how many bytes came."""
        await self.answer(send, b"%d" % len(await self.body(receive)))

    async def unread(self, receive: Receive, send: Send) -> None:
        """Answer without a look at the body."""
        await self.answer(send, b"unread")

    async def held(self, receive: Receive, send: Send) -> None:
        """Answer when it is let go."""
        body = await self.body(receive)
        await self.go.wait()
        await self.answer(send, body)

    async def stream(self, receive: Receive, send: Send, count: int, length: int) -> None:
        """Answer with so many messages of so many bytes."""
        await self.body(receive)
        await send(START)
        for number in range(count):
            await send(piece(bytes([number % 251]) * length))
            self.sent_bytes += length
        await send(piece(b"", more=False))
        await send(OK)

    async def messages(self, receive: Receive, send: Send, count: int, length: int) -> None:
        """Do what `stream` does, in messages of gRPC."""
        await self.body(receive)
        await send(START)
        for number in range(count):
            await send(piece(frame(bytes([number % 251]) * length)))
        await send(piece(b"", more=False))
        await send(OK)

    async def hasty(self, receive: Receive, send: Send) -> None:
        """Answer with what came, and wait for nothing until all of it has been handed over."""
        body = await self.body(receive)
        events = (START, piece(body[:-1]), piece(body[-1:], more=False), OK)
        await asyncio.gather(*[asyncio.ensure_future(send(event)) for event in events])

    async def silent(self, receive: Receive, send: Send) -> None:
        """Say nothing until the client leaves."""
        await self.body(receive)
        await self.leaving(send)

    async def opened(self, receive: Receive, send: Send) -> None:
        """Say something, and no more until the client leaves."""
        await self.body(receive)
        await send(START)
        await send(piece(b"first"))
        await self.leaving(send)

    async def raises(self, receive: Receive, send: Send) -> None:
        raise Broken

    async def raises_started(self, receive: Receive, send: Send) -> None:
        await send(START)
        raise Broken

    async def raises_midway(self, receive: Receive, send: Send) -> None:
        await send(START)
        await send(piece(b"half"))
        raise Broken

    async def returns(self, receive: Receive, send: Send) -> None:
        """End without an answer."""

    async def returns_midway(self, receive: Receive, send: Send) -> None:
        """End with half an answer."""
        await send(START)
        await send(piece(b"half"))

    async def refuses(self, receive: Receive, send: Send) -> None:
        """Answer with trailers alone."""
        headers = [CONTENT_TYPE, (b"grpc-status", b"5")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send(piece(b"", more=False))

    async def answer(self, send: Send, body: bytes) -> None:
        """Send a whole answer."""
        await send(START)
        await send(piece(body, more=False))
        await send(OK)

    async def body(self, receive: Receive) -> bytes:
        """Read a body to its end."""
        body = b"".join([part async for part in self.pieces(receive)])
        self.bodies.append(body)
        return body

    async def pieces(self, receive: Receive) -> AsyncIterator[bytes]:
        while True:
            event = await receive()
            if event["type"] == "http.disconnect":
                raise ConnectionResetError
            yield event["body"]
            if not event["more_body"]:
                return

    async def watched(self, receive: Receive, send: Send) -> None:
        """Answer, and want to be told until then when the client leaves."""
        body = await self.body(receive)
        await send({"type": LEFT_EVENT, "call": lambda: self.bodies.append(repr(receive).encode())})
        await self.answer(send, body)

    async def leaving(self, send: Send) -> None:
        """Wait for the client to leave, as the product does it: by being told."""
        left = asyncio.Event()
        await send({"type": LEFT_EVENT, "call": left.set})
        await left.wait()
        raise ConnectionResetError
