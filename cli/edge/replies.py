"""How answers that Envoy gives by itself look to a gRPC client, to a browser's gRPC-Web client and to the rest.

The guess nobody would make: an exception in the Python application reaches Envoy as status 500, and without a mapping
a gRPC client is then told that its call succeeded (grpc-status 0).
"""

from dataclasses import dataclass

from cli.edge.typed import Config, headers


@dataclass(frozen=True, slots=True)
class Reply:
    """What an answer with one HTTP status says: the `grpc` status, `code` and `text` for people, `err` for SDKs."""

    http: int
    grpc: int
    code: str
    text: str
    err: str | None = None


REPLIES = (
    Reply(503, 14, "unavailable", "the service is busy or stopping"),
    Reply(400, 3, "invalid_argument", "the request is malformed"),
    Reply(403, 3, "invalid_argument", "the method or the path is not allowed"),
    Reply(408, 4, "deadline_exceeded", "the request did not arrive in time"),
    Reply(413, 8, "message_too_large", "the request is too large", "request_size_limit_exceeded"),
    Reply(429, 8, "publish_rate_exceeded", "too many requests", "operations_rate_limit_exceeded"),
    Reply(431, 8, "headers_too_large", "the request headers are too large"),
    Reply(500, 13, "internal", "internal error"),
    Reply(504, 14, "unavailable", "the stream was idle for too long"),
)


def local_reply_config() -> Config:
    """Return the mapping; the first mapper that fits wins, so the narrower forms come first."""
    return {"mappers": [mapper for reply in REPLIES for mapper in (_grpc(reply), _other(reply))]}


def _grpc(reply: Reply) -> Config:
    """Both gRPC forms, since gRPC-Web was turned into gRPC before: a status other than 200 is a broken connection.

    Without a body, because the gRPC-Web filter never ends an answer that has one and no trailers.
    """
    header = {"name": "content-type", "string_match": {"prefix": "application/grpc"}}
    return {
        "filter": {"and_filter": {"filters": [_status(reply.http), {"header_filter": {"header": header}}]}},
        "status_code": 200,
        "headers_to_add": headers({"content-type": "application/grpc", "grpc-message": reply.text, **_trailers(reply)}),
        "body": {"inline_string": ""},
    }


def _other(reply: Reply) -> Config:
    return {
        "filter": _status(reply.http),
        "headers_to_add": headers(_trailers(reply)),
        "body_format_override": {"json_format": _body(reply)},
    }


def _body(reply: Reply) -> Config:
    return {"code": reply.code, "message": reply.text, "request_id": "%RESP(X-REQUEST-ID)%"}


def _trailers(reply: Reply) -> dict[str, str]:
    found = {"grpc-status": str(reply.grpc), "x-request-id": "%UNIQUE_ID%"}
    if reply.err:
        found["err"] = reply.err
    return found


def _status(http: int) -> Config:
    comparison = {"op": "EQ", "value": {"default_value": http, "runtime_key": f"tidings.reply.{http}"}}
    return {"status_code_filter": {"comparison": comparison}}
