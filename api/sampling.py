"""Which requests have a trace: those whose clients say so, up to a bound, and a share of the others."""

import random
import re
import time
from collections.abc import Callable

from api.tracing import Headers

HEADER = b"traceparent"
MOST_OF_CLIENTS = 100
"""Traces a second, in this process, that clients decide on; a client must not be able to have each request traced."""

_FORM = re.compile(rb"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


class Sampling:
    """Decides by the W3C header `traceparent`, and by chance where there is none."""

    def __init__(
        self,
        ratio: float,
        *,
        follows: bool = True,
        chance: Callable[[], float] = random.random,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """`ratio` is the share of requests without a decision; where it `follows`, that of a client counts."""
        self._ratio = ratio
        self._follows = follows
        self._chance = chance
        self._now = now
        self._since = 0.0
        self._taken = 0

    def parent(self, headers: Headers) -> str | None:
        """Return the span above that of a request, empty for none; None where the request is not sampled."""
        for name, value in headers:
            if name == HEADER and _FORM.fullmatch(value):
                return self._below(str(value, "ascii"))
        return "" if self._chance() < self._ratio else None

    def _below(self, traceparent: str) -> str | None:
        if not self._follows:
            return traceparent if self._chance() < self._ratio else None
        return traceparent if int(traceparent[-2:], 16) & 1 and self._has_room() else None

    def _has_room(self) -> bool:
        now = self._now()
        if now - self._since >= 1:
            self._since, self._taken = now, 0
        self._taken += 1
        return self._taken <= MOST_OF_CLIENTS
