"""An endpoint that the framework looks at when it is first called, or described.

To read the signatures of 280 endpoints, and to make what checks their bodies, takes 0.15 CPU-seconds; one takes half a
millisecond. A process that starts, and nearly every test, has to do with a few of them.
"""

from collections.abc import Callable, Iterable
from typing import Any

from fastapi.routing import APIRoute
from starlette.routing import compile_path


class LateRoute(APIRoute):
    """Knows what a request is matched by; all else comes with the first attribute that is missing."""

    def __init__(
        self, path: str, endpoint: Callable[..., Any], *, methods: Iterable[str] | None = None, **options: Any
    ) -> None:
        self.path, self.endpoint = path, endpoint
        self.methods = {method.upper() for method in methods or ("GET",)}
        self.path_regex, self.path_format, self.param_convertors = compile_path(path)
        self._options = options

    def __getattr__(self, name: str) -> object:
        options = self.__dict__.pop("_options", None)
        if options is None:
            raise AttributeError(f"a route has no '{name}'")
        super().__init__(self.path, self.endpoint, methods=self.methods, **options)
        return getattr(self, name)
