"""Each answer that a test of the account service gets is one that the OpenAPI document tells of."""

import re
from typing import Any, NamedTuple

import httpx

from accounts.app import Application

METHOD_NOT_ALLOWED, INTERNAL = 405, 500
"""What no operation documents: the first is none of its methods, the second a fault that a test has made."""


class Operation(NamedTuple):
    method: str
    template: str
    path: re.Pattern[str]
    responses: dict[str, Any]


class Documented:
    """Checks answers against a document."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._responses: dict[str, Any] = document["components"]["responses"]
        found = [
            Operation(method.upper(), path, _pattern(path), operation["responses"])
            for path, methods in document["paths"].items()
            for method, operation in methods.items()
        ]
        self._operations = sorted(found, key=lambda each: each.path.pattern.count("("))  # the literal ones first

    def operation(self, method: str, path: str) -> tuple[str, str]:
        """Return the method and the path with names in it of an operation that is called so."""
        found = self._of(method, path)
        assert found is not None, (method, path)
        return found.method, found.template

    def _of(self, method: str, path: str) -> Operation | None:
        return next((each for each in self._operations if each.method == method and each.path.fullmatch(path)), None)

    async def check(self, answer: httpx.Response) -> None:
        """Go on where the answer is documented; what is under no documented path is left alone."""
        method, path = answer.request.method, answer.request.url.path
        operation = self._of(method, path)
        if operation is None or answer.status_code in {METHOD_NOT_ALLOWED, INTERNAL}:
            return
        told = (method, path, answer.status_code)
        assert str(answer.status_code) in operation.responses, ("not documented", *told)
        response = operation.responses[str(answer.status_code)]
        if "$ref" in response:
            response = self._responses[response["$ref"].rpartition("/")[2]]
        for header in ("ETag", "RateLimit-Limit", "Retry-After"):
            if "idempotency-replayed" not in answer.headers:
                assert (header in response["headers"]) == (header in answer.headers), (header, *told)


_known: dict[frozenset[str], Documented] = {}


def documented(app: Application) -> Documented:
    """Return what checks the answers of an application.

    To write a document takes longer than most tests; applications with the same endpoints share one.
    """
    endpoints = frozenset(f"{sorted(endpoint.methods or ())} {endpoint.path}" for endpoint in app.endpoints)
    if endpoints not in _known:
        _known[endpoints] = Documented(app.openapi())
    return _known[endpoints]


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(
        re.sub(r"\\\{(\w+)\\\}", lambda found: "(.+)" if found[1] == "name" else "([^/.]+)", re.escape(path))
    )
