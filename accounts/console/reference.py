"""The reference of the REST API at `/docs`: a page made of the OpenAPI document, with nothing from another host."""

import json
import shlex
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from http import HTTPStatus
from typing import Any, NamedTuple

from fastapi import APIRouter, FastAPI, Request, Response

from accounts.console.page_route import PageRoute
from accounts.console.pages import Pages

PATH = "/docs"
_CREDENTIALS = {
    "api_key": '-H "Authorization: $TIDINGS_API_KEY"',
    "session": '-b "{cookie}=$TIDINGS_SESSION"',
    "operator_token": '-H "Authorization: $TIDINGS_OPERATOR_TOKEN"',
}
_CALLERS = {"api_key": "API key", "session": "log-in", "operator_token": "operator's token"}


class Parameter(NamedTuple):
    """What an operation takes in its path, its query or a header."""

    name: str
    place: str
    kind: str
    is_required: bool
    description: str


class Answer(NamedTuple):
    """What an operation answers; an empty example where there is no JSON."""

    status: str
    description: str
    example: str


class Operation(NamedTuple):
    """One operation, ready to be shown.

    Attributes:
        id: Of its place on the page.
        callers: Who may call, in words; empty for anybody.
        body: An example of what is sent; empty where there is none.
        curl: Calls it; `{origin}` stands for scheme, host and port.
    """

    id: str
    method: str
    path: str
    summary: str
    description: str
    callers: str
    parameters: Sequence[Parameter]
    body: str
    answers: Sequence[Answer]
    curl: str


class Section(NamedTuple):
    """Operations of one tag."""

    id: str
    name: str
    description: str
    operations: Sequence[Operation]


def routes(pages: Pages, app: FastAPI) -> APIRouter:
    """Return the page for the REST API of an application, for anybody."""
    router = APIRouter(include_in_schema=False, route_class=PageRoute)
    made = lru_cache(maxsize=1)(lambda: sections(app.openapi()))

    @router.get(PATH)
    async def reference(request: Request) -> Response:
        return pages.show(request, "reference.html", sections=made(), origin=str(request.base_url).rstrip("/"))

    return router


def sections(document: Mapping[str, Any]) -> Sequence[Section]:
    """Return all operations of a document, by tag, in the order of the document."""
    found = list(_operations(document))
    return [
        Section(
            tag["name"].replace(" ", "-").lower(),
            tag["name"],
            tag["description"],
            [operation for tags, operation in found if tag["name"] in tags],
        )
        for tag in document["tags"]
    ]


def _operations(document: Mapping[str, Any]) -> Iterator[tuple[Sequence[str], Operation]]:
    components = document["components"]
    for path, methods in document["paths"].items():
        for method, told in methods.items():
            body = _example(told.get("requestBody", {}))
            callers = [next(iter(each)) for each in told["security"]]
            operation = Operation(
                told["operationId"].replace("_", "-"),
                method.upper(),
                path,
                told["summary"],
                told["description"] if told["description"].removesuffix(".") != told["summary"] else "",
                " or ".join(_CALLERS[caller] for caller in callers),
                [_parameter(each) for each in told.get("parameters", ())],
                body,
                [_answer(status, each, components["responses"]) for status, each in told["responses"].items()],
                _curl(method, path, callers, body, components["securitySchemes"]["session"]["name"]),
            )
            yield told["tags"], operation


def _parameter(told: Mapping[str, Any]) -> Parameter:
    schema = told["schema"]
    choices = [schema, *schema.get("anyOf", ())]
    kinds = [", ".join(each["enum"]) if "enum" in each else each["type"] for each in choices if "type" in each]
    kind = " or ".join(kind for kind in kinds if kind != "null")
    return Parameter(told["name"], told["in"], kind, bool(told.get("required")), told.get("description", ""))


def _answer(status: str, told: Mapping[str, Any], shared: Mapping[str, Any]) -> Answer:
    if "$ref" in told:
        told = shared[told["$ref"].rpartition("/")[2]]
    description = told["description"]
    if description == "Successful Response":
        description = HTTPStatus(int(status)).phrase
    return Answer(status, description, _example(told))


def _example(told: Mapping[str, Any]) -> str:
    media = told.get("content", {}).get("application/json", {})
    return json.dumps(media["example"], indent=2, ensure_ascii=False) if "example" in media else ""


def _curl(method: str, path: str, callers: Sequence[str], body: str, cookie: str) -> str:
    parts = ["curl" if method == "get" else f"curl -X {method.upper()}", f"{{origin}}{path}"]
    if callers:
        parts.append(_CREDENTIALS[callers[0]].format(cookie=cookie))
    if body:
        parts.append(f"--json {shlex.quote(json.dumps(json.loads(body), ensure_ascii=False))}")
    return " \\\n  ".join(parts)
