"""What an HTTP request asks for: credential, topic, resume point, value."""

import json
from typing import NamedTuple
from urllib.parse import parse_qs

from momento_wire_types import cachepubsub_pb2 as wire

from api.account import LARGEST_MESSAGE_BYTES
from api.errors import InvalidArgument, MessageTooLarge, NotFound
from api.grpc_asgi import ClientGone, Receive, Scope

PREFIX = "/topics/"
MAX_SEQUENCE = 2**63


class Resume(NamedTuple):
    """A resume point: the next number expected, and its page; 0 and 0 for none."""

    number: int
    page: int


class HttpRequest:
    """A request to a topic, with its headers and its query."""

    def __init__(self, scope: Scope) -> None:
        self.method: str = scope["method"]
        self._path: str = scope["path"]
        self._headers: list[tuple[bytes, bytes]] = scope["headers"]
        try:
            self._query = parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True, max_num_fields=32)
        except ValueError as reason:
            raise InvalidArgument("the query has too many fields") from reason

    def header(self, name: bytes) -> str:
        """Return a header's value, or an empty text."""
        return next((value.decode("latin-1") for key, value in self._headers if key == name), "")

    def credential(self) -> str:
        """Return the token, from the header or from the query.

        Raises:
            InvalidArgument: there is more than one.
        """
        headers = [value.decode("latin-1") for name, value in self._headers if name == b"authorization"]
        found = [value.removeprefix("Bearer ").strip() for value in headers] + self._query.get("token", [])
        if len(found) > 1:
            raise InvalidArgument("the request carries more than one token; send it in Authorization or in ?token=")
        return found[0] if found else ""

    def topic(self) -> tuple[str, str]:
        """Return the names of cache and topic. All that follows the cache is the topic's name, slashes included.

        Raises:
            NotFound: the path does not name both.
        """
        cache, slash, topic = self._path.removeprefix(PREFIX).partition("/")
        if not slash or not cache or not topic:
            raise NotFound("the path must be /topics/{cache}/{topic}")
        return cache, topic

    def resume(self) -> Resume:
        """Return the resume point, from the query or, where an EventSource reconnects, from its last event's id.

        Raises:
            InvalidArgument: a number is not one.
        """
        page, colon, number = self.header(b"last-event-id").partition(":")
        if colon:
            return Resume(_whole("Last-Event-ID", number) + 1, _whole("Last-Event-ID", page))
        return Resume(self._number("sequence_number"), self._number("sequence_page"))

    def _number(self, name: str) -> int:
        values = self._query.get(name, ["0"])
        return _whole(name, values[0] if len(values) == 1 else "")


async def value(request: HttpRequest, receive: Receive) -> tuple[bytes, int]:
    """Return the body as a serialised `_TopicValue`, and its size in bytes.

    `application/octet-stream` is binary; of JSON, a string is the text it stands for; all else is text as it is.

    Raises:
        InvalidArgument: a text is not UTF-8, or a JSON body is not JSON.
        MessageTooLarge: no topic takes that much.
    """
    body = await _body(receive)
    kind = request.header(b"content-type").partition(";")[0].strip().lower()
    if kind == "application/octet-stream":
        return wire._TopicValue(binary=body).SerializeToString(), len(body)
    try:
        text = body.decode()
        parsed = json.loads(text) if kind == "application/json" else text
    except (ValueError, RecursionError) as reason:
        raise InvalidArgument(f"the body is not valid {kind or 'UTF-8 text'}") from reason
    text = parsed if isinstance(parsed, str) else text
    try:
        size = len(text.encode())
    except UnicodeEncodeError as reason:
        raise InvalidArgument("the text holds half of a surrogate pair, which UTF-8 cannot express") from reason
    return wire._TopicValue(text=text).SerializeToString(), size


async def _body(receive: Receive) -> bytes:
    body = bytearray()
    while True:
        event = await receive()
        if event["type"] != "http.request":
            raise ClientGone
        body += event.get("body", b"")
        if len(body) > LARGEST_MESSAGE_BYTES:
            raise MessageTooLarge(
                f"the body is longer than the {LARGEST_MESSAGE_BYTES} bytes that a topic takes at most"
            )
        if not event.get("more_body"):
            return bytes(body)


def _whole(name: str, text: str) -> int:
    if not (text.isascii() and text.isdigit()) or int(text[:20]) >= MAX_SEQUENCE:
        raise InvalidArgument(f"{name} must be a whole number, not '{text[:40]}'")
    return int(text)
