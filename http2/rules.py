"""What the headers of a request must be (RFC 9113, sections 8.2 and 8.3), and the ASGI scope that comes of them."""

import re
from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import unquote_to_bytes

from http2.at_once import Answerer
from http2.frames import Code, StreamFault

Headers = list[tuple[bytes, bytes]]

LEFT_EVENT: Final = "tidings.left"
"""An extension of ASGI: an event to send, whose `call` is called once when the client has left."""

_NAME: Final = re.compile(rb"[!#$%&'*+\-.^_`|~0-9a-z]+")
_BAD_VALUE: Final = re.compile(rb"[\0\r\n]|^[ \t]|[ \t]$")
_OF_A_CONNECTION: Final = frozenset(
    (b"connection", b"proxy-connection", b"keep-alive", b"transfer-encoding", b"upgrade")
)
_HIDDEN: Final = re.compile(rb"%2f|%5c", re.IGNORECASE)
"""Slashes of both kinds, which whoever decodes a path sees as separators and whoever does not sees as letters."""
_PSEUDO: Final = frozenset((b":method", b":scheme", b":path", b":authority"))
_GRPC: Final = b"application/grpc"


class Head:
    """The headers of a request, found to be well formed.

    Attributes:
        scope: What ASGI says of it, without the client. To be copied for each request; they share the list of headers,
            which nobody may change.
        content_length: As announced, or -1.
        bad_path: It is not UTF-8, or no path; a gRPC client gets INVALID_ARGUMENT.
        is_malformed: It could be read in two ways: a name with an underscore, which others take for a dash, or a path
            with a hidden separator. Envoy refuses both, and so the same names pass wherever a client comes in.
        answerer: Who answers requests with these headers at once, where anybody does.
        is_offered: It is known who does.
    """

    __slots__ = ("answerer", "bad_path", "content_length", "is_malformed", "is_offered", "scope")

    def __init__(self, fields: Iterable[tuple[bytes, bytes]], scheme: str) -> None:
        """Look at the fields in their order.

        Raises:
            StreamFault: they break a rule, or are no request of a native gRPC client.
        """
        self.answerer: Answerer | None = None
        self.is_offered = False
        pseudo, headers = _checked(fields)
        method, path = pseudo.get(b":method"), pseudo.get(b":path")
        if method is None or path is None or b":scheme" not in pseudo:
            raise StreamFault(Code.PROTOCOL_ERROR)
        self.content_length = _content_length(headers)
        if method != b"POST" or not _is_grpc(headers):
            raise StreamFault(Code.HTTP_1_1_REQUIRED)  # which leads to what serves everything else
        if b":authority" in pseudo and not any(name == b"host" for name, _ in headers):
            headers.insert(0, (b"host", pseudo[b":authority"]))
        raw, _, query = path.partition(b"?")
        try:
            decoded = unquote_to_bytes(raw).decode()
        except UnicodeDecodeError:
            decoded = ""
        self.is_malformed = _HIDDEN.search(raw) is not None or any(b"_" in name for name, _ in headers)
        self.bad_path = not decoded.startswith("/") or "\0" in decoded
        self.scope: dict[str, Any] = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.5"},
            "http_version": "2",
            "method": "POST",
            "scheme": scheme,
            "path": decoded,
            "raw_path": raw,
            "query_string": query,
            "root_path": "",
            "headers": headers,
            "server": None,
            "extensions": {"http.response.trailers": {}, LEFT_EVENT: {}},
        }


def _checked(fields: Iterable[tuple[bytes, bytes]]) -> tuple[dict[bytes, bytes], Headers]:
    pseudo: dict[bytes, bytes] = {}
    headers: Headers = []
    for name, value in fields:
        if _BAD_VALUE.search(value) is not None:
            raise StreamFault(Code.PROTOCOL_ERROR)
        if name.startswith(b":"):
            if headers or name not in _PSEUDO or name in pseudo:
                raise StreamFault(Code.PROTOCOL_ERROR)
            pseudo[name] = value
            continue
        if _NAME.fullmatch(name) is None or name in _OF_A_CONNECTION or (name == b"te" and value != b"trailers"):
            raise StreamFault(Code.PROTOCOL_ERROR)
        headers.append((bytes(name), bytes(value)))
    return pseudo, headers


def _content_length(headers: Headers) -> int:
    found = {value for name, value in headers if name == b"content-length"}
    if not found:
        return -1
    value = found.pop()
    if found or not value.isdigit() or len(value) > 18:
        raise StreamFault(Code.PROTOCOL_ERROR)
    return int(value)


def _is_grpc(headers: Headers) -> bool:
    kind = next((value for name, value in headers if name == b"content-type"), b"")
    return kind == _GRPC or kind.startswith((_GRPC + b"+", _GRPC + b";"))
