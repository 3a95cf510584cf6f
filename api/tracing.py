"""Traces across tiers, as W3C Trace Context has them: which work is part of one, and what it hands on.

Nothing here knows what spans are sent with: a process that sends none passes on what it was given.
"""

from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Literal, Protocol

Facts = Mapping[str, str | int]
"""What a span tells besides its name; never a value that was published, nor a credential."""

Headers = Iterable[tuple[bytes, bytes]]
Kind = Literal["server", "client", "internal"]


class Span(Protocol):
    """A piece of work that is part of a trace."""

    @property
    def traceparent(self) -> str:
        """What others need to make spans below this one, in the form of the header of that name."""
        ...

    def tell(self, facts: Facts) -> None:
        """Add facts."""
        ...

    def rename(self, name: str) -> None:
        """Give it a name that was not known when it began."""
        ...

    def end(self, failure: str = "") -> None:
        """End it, with what went wrong, if something did."""
        ...


class Spans(Protocol):
    """Makes spans, and sends them."""

    def sampled(self, headers: Headers) -> str | None:
        """Return what the span of a request has above it, empty for nothing; None where the request has none."""
        ...

    def begin(self, name: str, parent: str, facts: Facts, kind: Kind = "internal") -> Span:
        """Begin a span below another, or one with nothing above it."""
        ...

    async def close(self) -> None:
        """Send what waits."""
        ...


class Carried:
    """The span of another process, below which this one makes none."""

    def __init__(self, traceparent: str) -> None:
        self.traceparent = traceparent

    def tell(self, facts: Facts) -> None:
        """Do nothing: it is not ours."""

    def rename(self, name: str) -> None:
        """Do nothing: it is not ours."""

    def end(self, failure: str = "") -> None:
        """Do nothing: it is not ours."""


_current: ContextVar[Span | None] = ContextVar("tidings_span", default=None)
current = _current.get
"""Returns the span that the work here is part of; for nearly all work there is none."""


@contextmanager
def within(span: Span) -> Generator[None]:
    """Do work as part of a span, and end the span after it."""
    token = _current.set(span)
    failure = "it was cancelled"
    try:
        yield
        failure = ""
    except Exception as error:
        failure = type(error).__name__
        raise
    finally:
        _current.reset(token)
        span.end(failure)


@contextmanager
def carried_on(span: Span | None) -> Generator[None]:
    """Do work as part of a span that somebody else ends, or of none."""
    token = _current.set(span)
    try:
        yield
    finally:
        _current.reset(token)


def below(spans: Spans | None, traceparent: str, name: str, facts: Facts) -> Span:
    """Return a new span below one of another process; where this process makes none, that one."""
    return Carried(traceparent) if spans is None else spans.begin(name, traceparent, facts)
