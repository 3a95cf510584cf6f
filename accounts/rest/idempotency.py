"""The header `Idempotency-Key`: a POST that is sent again is not done again, and gets the answer of the first time."""

import base64
import hashlib
import json
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from accounts.audit import Actor
from accounts.idempotency.service import IdempotentRequests, Once
from accounts.operators.guard import operator_of
from accounts.operators.service import TOKEN_PREFIX as OPERATOR_TOKEN
from accounts.rest.errors import answer_of
from accounts.rest.guards import Guards
from api.asgi import is_grpc
from api.errors import TidingsError

HEADER = "idempotency-key"

_KEPT_HEADERS = frozenset({b"content-type", b"etag", b"location"})


class Idempotency:
    """Wraps an application: each POST of a caller who is known may come with a key."""

    def __init__(self, app: ASGIApp, requests: IdempotentRequests, guards: Guards) -> None:
        self._app = app
        self._requests = requests
        self._guards = guards

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "POST" or is_grpc(scope):
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        key = request.headers.get(HEADER)
        if key is None:
            await self._app(scope, receive, send)
            return
        try:
            body = await request.body()
            once = await self._once(request, key, body)
            kept = None if once is None else await self._requests.begin(once)
        except (TidingsError, HTTPException) as error:
            await answer_of(error)(scope, receive, send)
            return
        if kept is not None:
            await _unpacked(kept)(scope, receive, send)
        elif once is None:
            await self._app(scope, _body(body, receive), send)
        else:
            await self._first(once, scope, _body(body, receive), send)

    async def _once(self, request: Request, key: str, body: bytes) -> Once | None:
        """Return what identifies the request; None for a caller who is not known, whom the application refuses."""
        try:
            account_id, actor = await self._caller(request)
        except TidingsError:
            return None
        asked = [request.method, request.url.path, request.url.query, request.headers.get("content-type", "")]
        fingerprint = hashlib.sha256(json.dumps(asked).encode() + body).hexdigest()
        return Once(account_id, actor, key, self._guards.credential(request), fingerprint)

    async def _caller(self, request: Request) -> tuple[str | None, Actor]:
        """Return the account of whoever calls, None for an operator's script, which has none, and who that is."""
        if self._guards.credential(request).startswith(OPERATOR_TOKEN):
            return None, (await operator_of(request)).actor
        member = await self._guards.member(request)
        return member.account_id, member.actor

    async def _first(self, once: Once, scope: Scope, receive: Receive, send: Send) -> None:
        """Do the request, and keep its answer before it is given: else a client could have it and ask in vain."""
        events: list[Message] = []

        async def held(event: Message) -> None:
            events.append(event)

        try:
            await self._app(scope, receive, held)
        except BaseException:
            await self._requests.give_up(once)
            raise
        status = events[0]["status"] if events else 500
        if status >= 500:
            await self._requests.give_up(once)
        elif status >= 300 or _sets_cookie(events):
            await self._requests.forget(once)
        else:
            await self._requests.keep(once, _packed(events))
        for event in events:
            await send(event)


def _body(body: bytes, receive: Receive) -> Receive:
    """Return a `receive` that gives a body which was read already."""
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


def _sets_cookie(events: list[Message]) -> bool:
    return any(name == b"set-cookie" for name, _ in events[0]["headers"])


def _packed(events: list[Message]) -> bytes:
    body = b"".join(event.get("body", b"") for event in events)
    headers = [(name.decode(), value.decode()) for name, value in events[0]["headers"] if name in _KEPT_HEADERS]
    told = {"status": events[0]["status"], "headers": headers, "body": base64.b64encode(body).decode()}
    return json.dumps(told).encode()


def _unpacked(answer: bytes) -> Response:
    told: dict[str, Any] = json.loads(answer)
    headers = {**dict(told["headers"]), "idempotency-replayed": "true"}
    return Response(base64.b64decode(told["body"]), told["status"], headers)
