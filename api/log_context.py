"""What every log line says that is written while a request is served: its id, and whose it is once that is known.

Each call is a task, and what a task binds ends with it; `binding` is for what ends before its task does, and for
what is answered at once, without one.
"""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType

_NOTHING: Mapping[str, str] = MappingProxyType({})
_bound: ContextVar[Mapping[str, str]] = ContextVar("tidings_log_context", default=_NOTHING)


def bound() -> Mapping[str, str]:
    """Return what is bound here."""
    return _bound.get()


def bind(**facts: str) -> None:
    """Have each line from now on say so."""
    _bound.set({**_bound.get(), **facts})


@contextmanager
def binding(**facts: str) -> Generator[None]:
    """Have each line within say so; what is bound within ends with it."""
    token = _bound.set({**_bound.get(), **facts})
    try:
        yield
    finally:
        _bound.reset(token)
