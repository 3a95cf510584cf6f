"""A small ASGI application that does, on request, each of the things that an edge must cope with.

It stands behind the same generated configuration and supervisor as the product (`--app`), so that the edge can be
tested alone. What it does is the path; how much is the query.
"""

import asyncio
import json
import os
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from typing import Any, cast
from urllib.parse import parse_qs

from cli.control_socket import ControlSocket, Load
from cli.native_grpc import NativeGrpc
from cli.settings import EmbeddedSettings
from cli.turns import Turns
from http2.connection import App

Event = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Event]]
Send = Callable[[Event], Awaitable[None]]
Handler = Callable[[Event, Receive, Send], Awaitable[None]]

GRPC = [(b"content-type", b"application/grpc")]
JSON = [(b"content-type", b"application/json")]
MESSAGE = b"\0\0\0\0\2hi"
DRAINED = [(b"grpc-status", b"13"), (b"grpc-message", b"Received RST_STREAM with code 0")]


class Probe:
    """The application's state: what lives now, and what was counted."""

    def __init__(self) -> None:
        self.lifespans = 0
        self.unary = 0
        self.sent_bytes = 0
        self.receives = 0
        self.endings: list[str] = []
        self.streams: set[asyncio.Event] = set()
        self.grpc: NativeGrpc | None = None

    async def drain(self, seconds: float) -> None:
        """End the streams one by one over the time."""
        if self.grpc is not None:
            self.grpc.go_away()
        waiting = list(self.streams)
        for stream in waiting:
            stream.set()
            await asyncio.sleep(seconds / len(waiting))
        while self.streams:
            await asyncio.sleep(0.01)

    def metrics(self) -> str:
        return ""

    def status(self) -> Load:
        return Load(streams=len(self.streams), unary=self.unary)

    async def __call__(self, scope: Event, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
            return
        handlers: dict[str, Handler] = {
            "/raise": _raise,
            "/raise-midstream": _raise_midstream,
            "/probe.Probe/Raise": _raise,
            "/probe.Probe/RaiseMidstream": _raise_midstream,
            "/probe.Probe/Call": self._call,
            "/probe.Probe/Stream": self._stream,
            "/probe.Probe/Watch": self._watch,
            "/silent": _silent,
            "/state": self._state,
        }
        await handlers.get(scope["path"], _echo)(scope, receive, send)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        self.lifespans += 1
        if os.environ.get("PROBE_START") == "fail":
            await send({"type": "lifespan.startup.failed", "message": "told to fail"})
            return
        if os.environ.get("PROBE_START") == "hang":
            await asyncio.Event().wait()
        settings = EmbeddedSettings.from_environment()
        turns, control = Turns(settings.turns), ControlSocket(settings.control_socket, self)
        turns.start()
        await control.start()
        self.grpc = NativeGrpc(cast("App", self), settings)
        await self.grpc.start()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.grpc.close()
        await control.close()
        turns.close()
        await send({"type": "lifespan.shutdown.complete"})

    async def _state(self, _scope: Event, _receive: Receive, send: Send) -> None:
        state = {
            "lifespans": self.lifespans,
            "streams": len(self.streams),
            "sent_bytes": self.sent_bytes,
            "receives": self.receives,
            "endings": self.endings,
            "pid": os.getpid(),
        }
        await _answer(send, 200, json.dumps(state).encode())

    async def _call(self, scope: Event, receive: Receive, send: Send) -> None:
        """A unary gRPC call that reads its request and takes `milliseconds`."""
        self.unary += 1
        try:
            while (await receive()).get("more_body"):
                pass
            await asyncio.sleep(_number(scope, "milliseconds", 0) / 1000)
            await send({"type": "http.response.start", "status": 200, "headers": GRPC, "trailers": True})
            await send({"type": "http.response.body", "body": MESSAGE})
            await send({"type": "http.response.trailers", "headers": [(b"grpc-status", b"0")]})
        finally:
            self.unary -= 1

    async def _stream(self, scope: Event, _receive: Receive, send: Send) -> None:
        """Writes `size` bytes every `interval` milliseconds until it is drained or its client is gone."""
        size, interval = _number(scope, "size", len(MESSAGE)), _number(scope, "interval", 1000) / 1000
        ended = asyncio.Event()
        self.streams.add(ended)
        try:
            await send({"type": "http.response.start", "status": 200, "headers": GRPC, "trailers": True})
            while not ended.is_set():
                await send({"type": "http.response.body", "body": MESSAGE.ljust(size, b"."), "more_body": True})
                self.sent_bytes += size
                with suppress(TimeoutError):
                    await asyncio.wait_for(ended.wait(), interval)
            await send({"type": "http.response.body", "body": b""})
            await send({"type": "http.response.trailers", "headers": DRAINED})
            self.endings.append("drained")
        except OSError:
            self.endings.append("client gone")
        finally:
            self.streams.discard(ended)

    async def _watch(self, scope: Event, receive: Receive, send: Send) -> None:
        """Counts what receive() answers after the request's end, which is no wait for a disconnect."""
        await send({"type": "http.response.start", "status": 200, "headers": GRPC, "trailers": True})
        await send({"type": "http.response.body", "body": MESSAGE, "more_body": True})
        for _ in range(_number(scope, "times", 100)):
            if (await receive())["type"] == "http.disconnect":
                break
            self.receives += 1
        await send({"type": "http.response.body", "body": b""})
        await send({"type": "http.response.trailers", "headers": [(b"grpc-status", b"0")]})


async def _answer(send: Send, status: int, body: bytes) -> None:
    await send({"type": "http.response.start", "status": status, "headers": JSON})
    await send({"type": "http.response.body", "body": body})


async def _echo(scope: Event, receive: Receive, send: Send) -> None:
    """Tells what the application is told about the request."""
    received = 0
    while (event := await receive())["type"] == "http.request":
        received += len(event.get("body", b""))
        if not event.get("more_body"):
            break
    told = {name: scope[name] for name in ("method", "path", "client", "scheme", "http_version")}
    await _answer(send, 200, json.dumps({**told, "received_bytes": received}).encode())


async def _raise(_scope: Event, _receive: Receive, _send: Send) -> None:
    msg = "a bug before the answer"
    raise RuntimeError(msg)


async def _raise_midstream(_scope: Event, _receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": GRPC, "trailers": True})
    await send({"type": "http.response.body", "body": MESSAGE, "more_body": True})
    msg = "a bug in the middle of the answer"
    raise RuntimeError(msg)


async def _silent(_scope: Event, _receive: Receive, _send: Send) -> None:
    """Returns without an answer."""


def _number(scope: Event, name: str, default: int) -> int:
    return int(parse_qs(scope["query_string"].decode()).get(name, [str(default)])[0])


app = Probe()
