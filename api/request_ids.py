"""The id of a request, by which the client, the logs and the audit log speak of the same one.

A client may bring its own. On the hot path an id is made for refusals only, so that what succeeds costs nothing.
"""

import re
import secrets
from collections.abc import Mapping
from typing import Any

from api.log_context import bound

HEADER = b"x-request-id"

_WELL_FORMED = re.compile(rb"[A-Za-z0-9._:/+=@-]{1,64}")
_RANDOM_BYTES = 16


def of(scope: Mapping[str, Any]) -> str:
    """Return the id of a request: the client's where it sent one that is well-formed, else a new one."""
    for name, value in scope["headers"]:
        if name == HEADER and _WELL_FORMED.fullmatch(value):
            return str(value, "ascii")
    return secrets.token_hex(_RANDOM_BYTES)


def current() -> str:
    """Return the id of the request that is served here; empty where there is none."""
    return bound().get("request_id", "")


def header() -> list[tuple[bytes, bytes]]:
    """Return the header, or the trailer, that tells the client of it."""
    request_id = current()
    return [(HEADER, request_id.encode())] if request_id else []
