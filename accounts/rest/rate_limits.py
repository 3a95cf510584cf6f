"""How many requests a caller, and a network address, may make; no I/O. Each process counts its own.

A bucket holds a minute's worth and refills evenly, so that a caller who comes back after a pause is not made to wait.
"""

import hashlib
import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from accounts.networks import network_of
from accounts.rest.errors import answer_of
from accounts.rest.guards import Guards, address_of
from api.asgi import is_grpc
from api.errors import TooManyRequests

PREFIXES = ("/v1/", "/.well-known/")
MINUTE = 60.0
MAX_KEYS = 50_000
"""Callers and addresses that are remembered; who has come least recently is forgotten first, with a full bucket."""


@dataclass(frozen=True, slots=True)
class RestLimits:
    """Requests to the REST API.

    Attributes:
        per_caller: A minute, with one log-in or API key.
        per_address: A minute, from one network address; of IPv6, from one /64.
    """

    per_caller: int = 3_000
    per_address: int = 6_000


@dataclass(frozen=True, slots=True)
class Allowance:
    """What is left of a bucket.

    Attributes:
        limit: Requests a minute.
        remaining: Requests that may be made at once; negative where this one was too many.
        reset_seconds: Until the bucket is full again.
        wait_seconds: Until the next request is served.
    """

    limit: int
    remaining: int
    reset_seconds: int
    wait_seconds: int


class Buckets:
    """A bucket for each key, all of one size."""

    def __init__(self, per_minute: int, now: Callable[[], float] = time.monotonic) -> None:
        self._per_minute = per_minute
        self._now = now
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._buckets)

    def take(self, key: str) -> Allowance:
        """Take one request from a key's bucket; one that is too many takes nothing."""
        now, size = self._now(), float(self._per_minute)
        full, at = self._buckets.pop(key, (size, now))
        full = min(size, full + (now - at) * size / MINUTE)
        is_allowed = full >= 1
        full -= is_allowed
        self._buckets[key] = (full, now)
        if len(self._buckets) > MAX_KEYS:
            self._buckets.popitem(last=False)
        return Allowance(
            limit=self._per_minute,
            remaining=int(full) if is_allowed else -1,
            reset_seconds=math.ceil((size - full) * MINUTE / size),
            wait_seconds=max(1, math.ceil((1 - full) * MINUTE / size)),
        )


class RateLimits:
    """Wraps an application: what is under `PREFIXES` is counted, and each answer tells what is left."""

    def __init__(
        self, app: ASGIApp, limits: RestLimits, guards: Guards, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._app = app
        self._guards = guards
        self._callers = Buckets(limits.per_caller, now)
        self._addresses = Buckets(limits.per_address, now)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or is_grpc(scope) or not scope["path"].startswith(PREFIXES):
            await self._app(scope, receive, send)
            return
        left = self._left(Request(scope))
        told = _telling(send, left)
        if left.remaining >= 0:
            await self._app(scope, receive, told)
        else:
            error = TooManyRequests(f"more than {left.limit} requests in a minute; wait {left.wait_seconds} s")
            await answer_of(error, {"retry-after": str(left.wait_seconds)})(scope, receive, told)

    def _left(self, request: Request) -> Allowance:
        """Return what is left of the bucket that is emptier. A credential is counted before anybody checks it."""
        of_address = self._addresses.take(network_of(address_of(request)))
        credential = self._guards.credential(request)
        if not credential or of_address.remaining < 0:
            return of_address
        of_caller = self._callers.take(hashlib.sha256(credential.encode()).hexdigest())
        return min(of_caller, of_address, key=lambda left: left.remaining)


def _telling(send: Send, left: Allowance) -> Send:
    headers = [
        (b"ratelimit-limit", b"%d" % left.limit),
        (b"ratelimit-remaining", b"%d" % max(0, left.remaining)),
        (b"ratelimit-reset", b"%d" % left.reset_seconds),
    ]

    async def told(event: Message) -> None:
        if event["type"] == "http.response.start":
            event = {**event, "headers": [*event["headers"], *headers]}
        await send(event)

    return told
