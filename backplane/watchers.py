"""Callbacks that are told of changes."""

from collections.abc import Callable
from typing import Generic, ParamSpec

from backplane.interface import Unwatch

P = ParamSpec("P")


class Watchers(Generic[P]):
    """Callbacks, called in the order in which they came."""

    def __init__(self) -> None:
        self._callbacks: dict[object, Callable[P, None]] = {}

    def add(self, callback: Callable[P, None]) -> Unwatch:
        key = object()
        self._callbacks[key] = callback
        return lambda: self._callbacks.pop(key, None) and None

    def tell(self, *args: P.args, **kwargs: P.kwargs) -> None:
        for callback in list(self._callbacks.values()):
            callback(*args, **kwargs)
