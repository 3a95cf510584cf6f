"""`/topics/{cache}/{topic}`: publish with POST, wait for items with GET, or have them streamed."""

import asyncio

from api.asgi import send_error, send_json
from api.errors import MethodNotAllowed, StreamMoved, TidingsError
from api.grpc_asgi import ClientGone, Receive, Scope, Send, shown
from router.http.messages import HEARTBEAT, RETRY, Json, as_event, as_json, error_event, messages
from router.http.request import HttpRequest, value
from router.router import Router
from router.subscription import Subscription

POLL_SECONDS = 25.0
"""How long a poll waits for something; less than what proxies allow a silent request."""

_STREAM_HEADERS = [(b"content-type", b"text/event-stream; charset=utf-8"), (b"cache-control", b"no-store")]


class TopicsApi:
    """The HTTP API of topics."""

    def __init__(self, router: Router, poll_seconds: float = POLL_SECONDS) -> None:
        self._router = router
        self._poll_seconds = poll_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            request = HttpRequest(scope)
            match request.method:
                case "POST":
                    await self._publish(request, receive, send)
                case "GET":
                    await self._listen(request, receive, send)
                case _:
                    raise MethodNotAllowed("a topic takes POST to publish and GET to subscribe")
        except ClientGone:
            return
        except Exception as error:  # noqa: BLE001 - whatever happens, the client gets an answer
            await send_error(send, shown(error))

    async def _publish(self, request: HttpRequest, receive: Receive, send: Send) -> None:
        bearer = self._router.bearers.bearer(request.credential())
        cache, topic = request.topic()
        serialised, size = await value(request, receive)
        await self._router.publish(bearer, cache, topic, serialised, size)
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _listen(self, request: HttpRequest, receive: Receive, send: Send) -> None:
        async def is_gone() -> bool:
            return (await receive())["type"] == "http.disconnect"

        bearer = self._router.bearers.bearer(request.credential())
        number, page = request.resume()
        await receive()  # the body, which is empty; what comes after it is the client's leaving
        subscription = await self._router.subscribe(bearer, *request.topic(), number, page, is_gone)
        try:
            if "text/event-stream" in request.header(b"accept"):
                await _stream(subscription, send)
            else:
                await send_json(send, 200, {"items": await self._poll(subscription)})
        finally:
            self._router.unsubscribe(subscription)

    async def _poll(self, subscription: Subscription) -> list[Json]:
        """Return what there is, or what comes first; nothing if nothing comes in time."""
        try:
            async with asyncio.timeout(self._poll_seconds):
                while True:
                    found = [as_json(message) for message in messages(await subscription.next())]
                    if items := [item for item in found if item is not None]:
                        return items
                    # The client's leaving is not told to whoever only waits.
                    if await subscription.client_has_left():
                        raise ClientGone
        except TimeoutError:
            return []
        except StreamMoved:
            return []  # the client asks again, and finds another process


async def _stream(subscription: Subscription, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": _STREAM_HEADERS})
    await _write(send, RETRY)
    try:
        while True:
            frames = await subscription.next()
            await _write(send, b"".join(as_event(message) for message in messages(frames)) or HEARTBEAT)
    except StreamMoved:
        last = b""  # an EventSource comes back by itself
    except TidingsError as error:
        last = error_event(error)
    await send({"type": "http.response.body", "body": last, "more_body": False})


async def _write(send: Send, body: bytes) -> None:
    try:
        await send({"type": "http.response.body", "body": body, "more_body": True})
    except OSError as reason:
        raise ClientGone from reason
