"""`GET /inspect/{cache}`: what happens in a cache on this router, as Server-Sent Events."""

import asyncio
import time
from collections.abc import Callable

from api.asgi import send_error, send_json, told, without_body
from api.errors import MethodNotAllowed, NotFound, StreamMoved, TidingsError, Unauthenticated
from api.gone import ClientGone
from api.grpc_asgi import Receive, Scope, Send, shown, write
from router.bearer import Bearer
from router.http.departure import Departure
from router.http.events import begin, come_back, end
from router.http.messages import HEARTBEAT, error_event
from router.http.request import HttpRequest
from router.inspector import Event, Inspector
from router.router import Router

LOOK_SECONDS = 1.0
"""How often a silent stream is asked whether it may go on: whether the client is there, and its token good."""

REST_SECONDS = 0.05
"""How long a stream rests after a write, so that what happens meanwhile goes into one."""

_ALLOW = (b"allow", b"GET, OPTIONS")


class InspectApi:
    """The inspector's stream, as `docs/http.md` describes it."""

    def __init__(self, router: Router) -> None:
        self._router = router

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            request = HttpRequest(scope)
            match request.method:
                case "GET":
                    await self._inspect(request, receive, send)
                case "OPTIONS":
                    await send({"type": "http.response.start", "status": 204, "headers": [_ALLOW]})
                    await end(send, b"")
                case method:
                    await _refuse_method(without_body(send) if method == "HEAD" else send)
        except ClientGone:
            return
        except Exception as error:  # noqa: BLE001 - whatever happens, the client gets an answer
            await send_error(send, shown(error))

    async def _inspect(self, request: HttpRequest, receive: Receive, send: Send) -> None:
        bearer = await self._router.bearers.bearer(request.credential(), request.address)
        name = request.inspected()
        cache = await self._router.inspectable(bearer, name, request.address)
        if self._router.is_draining:
            await come_back(send)
            return

        def check() -> None:
            self._check(bearer)
            if bearer.inspectable(name, request.address) != cache:
                raise NotFound(f"cache '{name}' was deleted")

        await receive()  # the body, which is empty; what comes after it is the client's leaving
        departure = Departure(receive)
        inspector = self._router.taps.open(cache)
        try:
            await self._stream(inspector, check, departure, send)
        finally:
            departure.close()
            self._router.taps.close(cache, inspector)

    async def _stream(self, inspector: Inspector, check: Callable[[], None], departure: Departure, send: Send) -> None:
        await begin(send)
        await write(send, HEARTBEAT)
        written_at = time.monotonic()
        try:
            while True:
                happened = await inspector.take(LOOK_SECONDS)
                check()
                if not happened and await departure.happened():
                    raise ClientGone
                silent = time.monotonic() - written_at
                if happened or silent >= self._router.settings.heartbeat_seconds:
                    await write(send, b"".join(map(_as_event, happened)) or HEARTBEAT)
                    written_at = time.monotonic()
                    await asyncio.sleep(REST_SECONDS)
        except StreamMoved:
            await end(send, b"")  # an EventSource comes back by itself
        except TidingsError as reason:
            await end(send, error_event(reason))

    def _check(self, bearer: Bearer) -> None:
        bearer.check(time.time())
        if not self._router.bearers.trusts(bearer):
            raise Unauthenticated("the token was signed with a key that was retired")
        if self._router.is_draining:
            raise StreamMoved


def _as_event(happened: Event) -> bytes:
    return f"event: {happened.kind}\ndata: {happened.data}\n\n".encode()


async def _refuse_method(send: Send) -> None:
    error = MethodNotAllowed("an inspector takes GET alone")
    await send_json(send, error.http, told(error), (_ALLOW,))
