"""Answers that an application has whole, at once or later without a task: its calls wait for nothing, or for one word.

The task, its coroutines and the events of ASGI took half of what a publish takes.
"""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

Fields = tuple[tuple[bytes, bytes], ...]


class Answer(Protocol):
    """A body between headers and trailers, or headers alone; its status is 200."""

    @property
    def headers(self) -> Fields:
        """What it begins with."""
        ...

    @property
    def body(self) -> bytes:
        """All of it; empty where headers are the whole answer."""
        ...

    @property
    def trailers(self) -> Fields:
        """What ends it; empty where headers are the whole answer."""
        ...


class Promise(Protocol):
    """A request that is to be answered."""

    def come(self, answer: Answer) -> None:
        """Take the answer: once, and also where the client has left meanwhile. It does not raise."""
        ...


class Answerer(Protocol):
    """Answers the requests of one client that have the same headers."""

    def answer(self, body: bytes, promise: Promise) -> bool:
        """Hand `promise` the answer to a request with this body, now or later, and return True.

        Or return False, with nothing done, where it has to wait for more than a word from elsewhere. Whoever raises has
        not handed it anything, and does not do so later.
        """
        ...


AtOnce = Callable[[Mapping[str, Any], tuple[str, int] | None], Answerer | None]
"""Returns who answers requests with the headers of this scope that come from this address; None for nobody."""


def nobody(_: Mapping[str, Any], __: tuple[str, int] | None) -> Answerer | None:
    """Have no request answered at once."""
    return None
