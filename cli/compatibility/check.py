"""What a check is: a function that tries one point of the contract, and says by an exception what is wrong."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

import grpc

from cli.compatibility.deployment import Deployment

Outcome = Literal["ok", "failed", "not checked"]


class Wrong(Exception):
    """The deployment does something else than the contract says."""


class NotChecked(Exception):
    """What the check needs is not to be had here."""


@dataclass(frozen=True, slots=True)
class Check:
    """A point of `docs/compatibility.md`, what is promised there, and what tries it.

    Attributes:
        run: None for what cannot be tried from outside.
        why_not: Why it cannot.
    """

    point: int
    promise: str
    run: Callable[[Deployment], None] | None
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """What came of a check."""

    point: int
    promise: str
    outcome: Outcome
    text: str = ""
    seconds: float = 0.0


def expect(what: str, found: object, wanted: object) -> None:
    """Insist on a value.

    Raises:
        Wrong: it is another.
    """
    if found != wanted:
        raise Wrong(f"{what}: {wanted!r} is right, {found!r} came")


def insist(what: str, *, holds: bool) -> None:
    """Insist on a fact.

    Raises:
        Wrong: it is not so.
    """
    if not holds:
        raise Wrong(what)


@contextmanager
def refused(*codes: str) -> Generator[dict[str, str]]:
    """Insist that a call is refused with one of these codes; what is yielded has its trailers afterwards.

    Raises:
        Wrong: it is not, or with another.
    """
    trailers: dict[str, str] = {}
    wanted = " or ".join(codes)
    try:
        yield trailers
    except grpc.RpcError as failure:
        error: Any = failure
        if error.code().name not in codes:
            raise Wrong(f"{wanted} is right, {told(failure)} came") from failure
        trailers.update(error.trailing_metadata() or ())
    else:
        raise Wrong(f"{wanted} is right, the call went well")


def told(failure: grpc.RpcError) -> str:
    """Return a status in words."""
    error: Any = failure
    return f"{error.code().name} ({error.details()})"
