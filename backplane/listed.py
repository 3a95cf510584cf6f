"""Who is there, from when he comes until he goes: routers that answer, callbacks that are told."""

from collections.abc import Iterator
from typing import Generic, TypeVar

from backplane.interface import Unwatch

T = TypeVar("T")


class Listed(Generic[T]):
    """Those that were added and have not been taken away since, in the order in which they came."""

    def __init__(self) -> None:
        self._all: dict[object, T] = {}

    def __iter__(self) -> Iterator[T]:
        """Go through those that are there now, whoever comes or goes meanwhile."""
        return iter(list(self._all.values()))

    def add(self, one: T) -> Unwatch:
        """Have one more, until what this returns is called; to call that again does nothing."""
        key = object()
        self._all[key] = one

        def remove() -> None:
            self._all.pop(key, None)

        return remove
