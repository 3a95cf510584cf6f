"""`/topics/{cache}/{topic}`: publish with POST, wait for items with GET, or have them streamed."""

from api.asgi import send_error, send_json, told, without_body
from api.errors import MethodNotAllowed, StreamMoved, TidingsError, Unavailable
from api.gone import ClientGone, forgotten
from api.grpc_asgi import Receive, Scope, Send, shown
from router.counts import Call
from router.http.body import value
from router.http.departure import Departure
from router.http.events import come_back, stream
from router.http.messages import Json
from router.http.poll import poll
from router.http.request import HttpRequest
from router.router import Router

POLL_SECONDS = 25.0
"""How long a poll waits for something; less than the edge, and what stands before it, allow a silent request."""

_NO_STORE = ((b"cache-control", b"no-store"),)
_ALLOW = (b"allow", b"GET, POST, OPTIONS")
_NO_BODY = {"type": "http.response.body", "body": b"", "more_body": False}


class TopicsApi:
    """The HTTP API of topics, as `docs/http.md` describes it."""

    def __init__(self, router: Router, poll_seconds: float = POLL_SECONDS) -> None:
        self._router = router
        self._poll_seconds = poll_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        call: Call = "publish" if scope["method"] == "POST" else "subscribe"
        try:
            request = HttpRequest(scope)
            match request.method:
                case "POST":
                    await self._publish(request, receive)
                    headers = []
                case "GET":
                    await self._listen(request, receive, send)
                    return
                case "OPTIONS":
                    headers = [_ALLOW]
                case method:
                    await _refuse_method(without_body(send) if method == "HEAD" else send)
                    return
        except ClientGone:
            return
        except StreamMoved:
            await send_error(send, Unavailable("this process is stopping; ask again"))
        except Exception as error:  # noqa: BLE001 - whatever happens, the client gets an answer
            reason = shown(error)
            self._router.counts.refused[call, reason.code] += 1
            await send_error(send, reason)
        else:
            await send({"type": "http.response.start", "status": 204, "headers": headers})
            await send(_NO_BODY)

    async def _publish(self, request: HttpRequest, receive: Receive) -> None:
        bearer = await self._router.bearers.bearer(request.credential(), request.address)
        cache, topic = request.topic()
        try:
            # Who may not publish is told so before sending 1 MB.
            writable = await self._router.writable(bearer, cache, topic, request.address)
            serialised, size = await value(request.header(b"content-type"), receive)
            await self._router.publish(bearer, writable, serialised, size)
        except TidingsError as reason:
            self._router.refused(bearer, "publish", cache, topic, reason)
            raise

    async def _listen(self, request: HttpRequest, receive: Receive, send: Send) -> None:
        bearer = await self._router.bearers.bearer(request.credential(), request.address)
        cache, topic = request.topic()
        number, page = request.resume()
        await receive()  # the body, which is empty; what comes after it is the client's leaving
        departure = Departure(receive)
        try:
            subscription = await self._router.subscribe(
                bearer, cache, topic, number, page, departure.happened, request.address
            )
        except StreamMoved:
            if not request.wants_events:
                raise
            await come_back(send)
            return
        except TidingsError as reason:
            self._router.refused(bearer, "subscribe", cache, topic, reason)
            raise
        try:
            if request.wants_events:
                await stream(subscription, send)
            else:
                items = await poll(subscription, departure, self._poll_seconds)
                await _answer(items, send)
                subscription.delivered()
        finally:
            departure.close()
            self._router.unsubscribe(subscription)


async def _answer(items: list[Json], send: Send) -> None:
    try:
        await send_json(send, 200, {"items": items}, _NO_STORE)
    except OSError as reason:
        forgotten(reason)
        raise ClientGone from reason


async def _refuse_method(send: Send) -> None:
    error = MethodNotAllowed("a topic takes POST to publish and GET to subscribe")
    await send_json(send, error.http, told(error), (_ALLOW,))
