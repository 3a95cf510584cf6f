"""The words of the OpenAPI document that stand at no endpoint: tags, errors, headers, and who may call."""

from collections.abc import Mapping
from typing import Any, NamedTuple

TAGS = {
    "people": "Signing up, logging in and out. These set and read a cookie.",
    "you": "The person who has logged in.",
    "account": "The account that a log-in works in, or that an API key is of.",
    "team": "Members of the account, and invitations.",
    "API keys": "Credentials for programs. Each has a role.",
    "roles": "What API keys may do.",
    "permissions": "Questions about who may do what; they change nothing.",
    "disposable tokens": "Short-lived credentials, for browsers and phones.",
    "signing keys": "For whoever checks tokens elsewhere.",
    "caches": "Namespaces for topics.",
    "webhooks": "Where items of topics are posted to, and what became of them.",
    "limits": "What the account may use at most.",
    "usage": "What was used.",
    "billing": "Plans, invoices, budgets and exports.",
    "audit": "Who changed what, when and from where.",
    "operators": "All accounts, for operators of the installation.",
}

ERROR: Mapping[str, Any] = {
    "type": "object",
    "description": "Every error looks like this.",
    "required": ["code", "message", "details", "request_id"],
    "properties": {
        "code": {"type": "string", "description": "For programs.", "examples": ["not_found"]},
        "message": {"type": "string", "description": "For people.", "examples": ["cache 'chat' does not exist"]},
        "details": {
            "type": "array",
            "description": "What the message sums up, thing by thing.",
            "items": {"type": "object", "additionalProperties": {"type": "string"}},
            "examples": [[]],
        },
        "request_id": {
            "type": "string",
            "description": "Logs and the audit log know the request by it. The header `X-Request-Id` has it too.",
            "examples": ["7f3a1c0e5b9d4e628a1f0c3d5e7b9a12"],
        },
    },
}


class Refusal(NamedTuple):
    """A status that tells of an error, with an example."""

    name: str
    description: str
    code: str
    message: str
    details: tuple[Mapping[str, str], ...] = ()
    retry: bool = False

    def response(self) -> Mapping[str, Any]:
        """Return it as the document has it."""
        names = ["RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset", *(["Retry-After"] if self.retry else [])]
        example = {"code": self.code, "message": self.message, "details": list(self.details)}
        return {
            "description": self.description,
            "headers": {name: {"$ref": f"#/components/headers/{name}"} for name in names},
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}, "example": example}},
        }


REFUSALS: Mapping[int, Refusal] = {
    400: Refusal(
        "BadRequest",
        "Something that was sent is not valid; the details name it.",
        "invalid_argument",
        "the field 'name' is not valid: Field required",
        ({"field": "name", "problem": "Field required"},),
    ),
    401: Refusal(
        "Unauthorized",
        "The credential is missing, wrong, expired or revoked.",
        "unauthenticated",
        "log in, or send an API key in the header Authorization",
    ),
    403: Refusal(
        "Forbidden",
        "The caller is known, and may not do this; or another site's page sent the request.",
        "permission_denied",
        "a viewer may not change anything; ask an owner or operator of the account",
    ),
    404: Refusal("NotFound", "There is no such thing.", "not_found", "cache 'chat' does not exist"),
    409: Refusal(
        "Conflict",
        "It does not go with what is there; or the `Idempotency-Key` came with another request before.",
        "already_exists",
        "cache 'chat' is there already",
    ),
    412: Refusal(
        "PreconditionFailed",
        "It was changed since the state that `If-Match` names.",
        "precondition_failed",
        "this was changed since you read it; read it again, and decide anew",
    ),
    413: Refusal(
        "ContentTooLarge",
        "The body is longer than 64 KiB.",
        "message_too_large",
        "the body is longer than 65536 bytes; send less",
    ),
    429: Refusal(
        "TooManyRequests",
        "There were too many requests lately, or a limit of the account is reached.",
        "too_many_requests",
        "more than 3000 requests in a minute; wait 2 s",
        retry=True,
    ),
    503: Refusal(
        "ServiceUnavailable",
        "The database cannot be reached now, or too many people log in at this moment.",
        "unavailable",
        "the accounts cannot be read or changed now; try again",
        retry=True,
    ),
}


def refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return what a route's `responses` are to have for errors that nothing else tells of."""
    return {status: {"description": REFUSALS[status].description} for status in statuses}


def file(*media_types: str) -> dict[int | str, dict[str, Any]]:
    """Return what the `responses` of a route are to have that answers with a file of one of these types."""
    content = {media_type: {"schema": {"type": "string"}} for media_type in media_types}
    return {200: {"description": "The file.", "content": content}}


def _header(description: str, kind: str, example: object) -> Mapping[str, Any]:
    return {"description": description, "schema": {"type": kind}, "example": example}


HEADERS = {
    "RateLimit-Limit": _header("Requests a minute, of the caller or the network address.", "integer", 3000),
    "RateLimit-Remaining": _header("Requests that may be made at once.", "integer", 2999),
    "RateLimit-Reset": _header("Seconds until all of them may be made again.", "integer", 1),
    "Retry-After": _header("Seconds to wait before another try.", "integer", 2),
    "ETag": _header("Of the present state; give it back in `If-Match`.", "string", '"6a1f0c"'),
    "Idempotency-Replayed": _header("`true` where this is the answer of the first time.", "string", "true"),
}

IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "A request that is sent again with the same key within a day is not done again, and gets the answer "
    "of the first time.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]+$"},
}


def security_schemes(cookie: str) -> Mapping[str, Any]:
    """Return who may call; `cookie` is the name of the one that holds a log-in."""
    return {
        "api_key": {
            "type": "http",
            "scheme": "bearer",
            "description": "An API key in `Authorization`, with or without `Bearer ` before it. Its role is owner or "
            "operator: others administer nothing.",
        },
        "session": {
            "type": "apiKey",
            "in": "cookie",
            "name": cookie,
            "description": "The log-in of a person, as `POST /v1/login` gives it to a browser.",
        },
        "operator_token": {
            "type": "http",
            "scheme": "bearer",
            "description": "The token of an operator of the installation, as `tidings operator token create` makes it.",
        },
    }
