"""Callbacks that are told of changes."""

from collections.abc import Callable
from typing import Generic, ParamSpec

from backplane.interface import Unwatch
from backplane.listed import Listed

P = ParamSpec("P")


class Watchers(Generic[P]):
    """Callbacks, called in the order in which they came."""

    def __init__(self) -> None:
        self._callbacks = Listed[Callable[P, None]]()

    def add(self, callback: Callable[P, None]) -> Unwatch:
        return self._callbacks.add(callback)

    def tell(self, *args: P.args, **kwargs: P.kwargs) -> None:
        for callback in self._callbacks:
            callback(*args, **kwargs)
