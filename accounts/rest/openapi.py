"""The OpenAPI document: what the framework derives from the endpoints, made true of all that stands around them.

Who may call, `If-Match`, `Idempotency-Key`, the limits of requests and the one shape of errors are known here from what
each endpoint depends on. A route says itself, with `refusals`, which of 401, 404 and 409 it answers beyond that.
"""

import inspect
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from accounts.operators.guard import operator_of
from accounts.rest.descriptions import ERROR, HEADERS, IDEMPOTENCY_KEY, REFUSALS, TAGS, security_schemes
from accounts.rest.etags import Tag, if_match
from accounts.rest.examples import Examples
from accounts.rest.guards import member_of, person_of

Document = dict[str, Any]

_CALLERS: Mapping[object, tuple[str, ...]] = {
    member_of: ("api_key", "session"),
    person_of: ("session",),
    operator_of: ("operator_token", "session"),
}
_FROM_FRAMEWORK = ("HTTPValidationError", "ValidationError")
_SAFE = frozenset({"get", "head"})


def complete(document: Document, routes: Iterable[APIRoute], cookie: str) -> None:
    """Make a document whole that the framework has derived from these routes; `cookie` holds a log-in."""
    components: Document = document.setdefault("components", {})
    schemas: Document = components.setdefault("schemas", {})
    for name in _FROM_FRAMEWORK:
        schemas.pop(name, None)
    schemas.setdefault("Error", ERROR)
    components["securitySchemes"] = security_schemes(cookie)
    components["headers"] = HEADERS
    components["responses"] = {refusal.name: refusal.response() for refusal in REFUSALS.values()}
    document["tags"] = [{"name": name, "description": description} for name, description in TAGS.items()]
    examples = Examples(schemas)
    for route in routes:
        for method in route.methods or ():
            operation = document["paths"].get(route.path_format, {}).get(method.lower())
            if operation is not None:
                _complete(operation, method.lower(), set(_calls(route.dependant)))
                _tell(operation, inspect.cleandoc(route.endpoint.__doc__ or ""), examples)


def _calls(dependant: Dependant) -> Iterator[object]:
    yield dependant.call
    for each in dependant.dependencies:
        yield from _calls(each)


def _complete(operation: Document, method: str, calls: set[object]) -> None:
    callers = next((_CALLERS[call] for call in calls if call in _CALLERS), ())
    operation["security"] = [{caller: []} for caller in callers]
    is_once = method == "post" and bool(callers)
    if is_once:
        operation.setdefault("parameters", []).append(IDEMPOTENCY_KEY)
    refused = {int(status) for status in operation["responses"] if status[0] == "4"} - {422}
    refused |= _derived(operation, method, calls, is_guarded=bool(callers), is_once=is_once)
    headers = ["RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"]
    headers += ["ETag"] if Tag in calls else []
    headers += ["Idempotency-Replayed"] if is_once else []
    shown = {name: {"$ref": f"#/components/headers/{name}"} for name in headers}
    answers = {status: answer for status, answer in operation["responses"].items() if status[0] == "2"}
    for answer in answers.values():
        answer["headers"] = shown
    errors = {str(status): {"$ref": f"#/components/responses/{REFUSALS[status].name}"} for status in sorted(refused)}
    operation["responses"] = answers | errors


def _derived(operation: Document, method: str, calls: set[object], *, is_guarded: bool, is_once: bool) -> set[int]:
    """Return the errors of an operation that follow from how it is called."""
    places = {parameter["in"] for parameter in operation.get("parameters", ())}
    has_body = "requestBody" in operation
    found = {
        400: has_body or bool(places),
        401: is_guarded,
        403: is_guarded or method not in _SAFE,
        404: "path" in places,
        409: is_once,
        412: if_match in calls,
        413: has_body or is_once,
        429: True,
        503: True,
    }
    return {status for status, is_so in found.items() if is_so}


def _tell(operation: Document, text: str, examples: Examples) -> None:
    summary, _, more = text.partition("\n\n")
    first, dot, rest = " ".join(summary.split()).partition(". ")
    operation["summary"] = first.removesuffix(".")
    operation["description"] = " ".join([*([rest] if dot else []), *more.split()]) or first
    _add_examples(operation.get("requestBody", {}), examples, sent=True)
    for answer in operation["responses"].values():
        _add_examples(answer, examples, sent=False)


def _add_examples(body: Document, examples: Examples, *, sent: bool) -> None:
    media = body.get("content", {}).get("application/json")
    if media and media.get("schema"):
        media["example"] = examples.of(media["schema"], sent=sent)
