"""How errors look over REST: always `{"code", "message", "details", "request_id"}`."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from accounts.rest.faults import in_words
from api import request_ids
from api.errors import TidingsError

_NO_OBJECT = frozenset({"missing", "model_attributes_type", "model_type", "dict_type"})
"""What pydantic calls it when a body is no object; a body as a whole may also be wrong for what it says."""

_RETRY_SECONDS: dict[int, int] = {HTTPStatus.TOO_MANY_REQUESTS: 60, HTTPStatus.SERVICE_UNAVAILABLE: 1}


def install(app: FastAPI) -> None:
    """Give every error of `app` its shape. What is not foreseen goes on to the guard outside, which says nothing."""
    app.add_exception_handler(TidingsError, _ours)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)


def answer_of(error: TidingsError | HTTPException, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """Return the answer that tells of an error; for what stands in front of the application that maps them."""
    if isinstance(error, HTTPException):
        return _http_answer(error)
    answer = _answer(error.http, error.code, error.message, error.details)
    answer.headers.update(headers or {})
    return answer


def _answer(status: int, code: str, message: str, details: Sequence[Mapping[str, str]] = ()) -> JSONResponse:
    seconds = _RETRY_SECONDS.get(status)
    headers = {"retry-after": str(seconds)} if seconds else None
    told = {"code": code, "message": message, "details": list(details), "request_id": request_ids.current()}
    return JSONResponse(told, status, headers)


async def _ours(_: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, TidingsError):
        raise error
    return answer_of(error)


async def _invalid(_: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, RequestValidationError):
        raise error
    found = error.errors()
    if any(each["type"] == "json_invalid" for each in found):
        return _answer(HTTPStatus.BAD_REQUEST, "invalid_argument", "the body is not valid JSON")
    if any(tuple(each["loc"]) == ("body",) and each["type"] in _NO_OBJECT for each in found):
        return _answer(HTTPStatus.BAD_REQUEST, "invalid_argument", "the body must be a JSON object")
    details = [{"field": ".".join(map(str, each["loc"][1:])), "problem": in_words(each)} for each in found]
    first = details[0] if details else {"field": "", "problem": "not valid"}
    message = f"the field '{first['field']}' is not valid: {first['problem']}"
    return _answer(HTTPStatus.BAD_REQUEST, "invalid_argument", message, details)


async def _http(_: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, HTTPException):
        raise error
    return _http_answer(error)


def _http_answer(error: HTTPException) -> JSONResponse:
    status = HTTPStatus(error.status_code)
    code = {HTTPStatus.BAD_REQUEST: "invalid_argument", HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "message_too_large"}.get(
        status, status.phrase.lower().replace(" ", "_")
    )
    answer = _answer(status, code, str(error.detail))
    answer.headers.update(error.headers or {})  # a 405 lists what is allowed
    return answer
