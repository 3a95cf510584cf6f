"""What an HTTP request asks for: credential, topic, resume point."""

from typing import NamedTuple
from urllib.parse import parse_qs

from api.errors import InvalidArgument, NotFound
from api.grpc_asgi import Scope, client_address

PREFIX = "/topics/"
INSPECT = "/inspect/"
MAX_SEQUENCE = 2**63
MAX_DIGITS = 19
MAX_QUERY_FIELDS = 32


class Resume(NamedTuple):
    """A resume point: the next number expected, and its page; 0 and 0 for none."""

    number: int
    page: int


class HttpRequest:
    """A request to a topic, with its headers and its query."""

    def __init__(self, scope: Scope) -> None:
        self.method: str = scope["method"]
        self.address = client_address(scope)
        self._path: str = scope["path"]
        self._headers: list[tuple[bytes, bytes]] = scope["headers"]
        query: str = scope.get("query_string", b"").decode("latin-1")
        try:
            self._query = parse_qs(query, keep_blank_values=True, max_num_fields=MAX_QUERY_FIELDS)
        except ValueError as reason:
            raise InvalidArgument(f"the query has more than {MAX_QUERY_FIELDS} fields") from reason

    @property
    def wants_events(self) -> bool:
        """Whether the client asks for Server-Sent Events."""
        return "text/event-stream" in self.header(b"accept").lower()

    def header(self, name: bytes) -> str:
        """Return a header's value, or an empty text."""
        return next((value.decode("latin-1") for key, value in self._headers if key == name), "")

    def credential(self) -> str:
        """Return the token, from the header or from the query, or an empty text.

        Raises:
            InvalidArgument: there is more than one.
        """
        headers = [value.decode("latin-1").strip() for name, value in self._headers if name == b"authorization"]
        # A plus sign that was not escaped arrives as a blank, which is in no token.
        found = [_bare(text) for text in headers] + [text.replace(" ", "+") for text in self._query.get("token", [])]
        if len(found) > 1:
            raise InvalidArgument("the request carries more than one token; send it in Authorization or in ?token=")
        return found[0] if found else ""

    def topic(self) -> tuple[str, str]:
        """Return the names of cache and topic. All that follows the cache is the topic's name, slashes included.

        That is not ambiguous because the edge refuses a slash that is percent-encoded.

        Raises:
            NotFound: the path does not name both.
        """
        cache, _, topic = self._path.removeprefix(PREFIX).partition("/")
        if not cache or not topic:
            raise NotFound("the path must be /topics/{cache}/{topic}")
        return cache, topic

    def inspected(self) -> str:
        """Return the name of the cache that is to be inspected: all that follows, slashes included.

        Raises:
            NotFound: the path does not name one.
        """
        cache = self._path.removeprefix(INSPECT)
        if not cache:
            raise NotFound("the path must be /inspect/{cache}")
        return cache

    def resume(self) -> Resume:
        """Return the resume point, from the query or, where an EventSource reconnects, from its last event's id.

        Raises:
            InvalidArgument: a number is not one.
        """
        last_event = self.header(b"last-event-id").strip()
        if last_event:
            page, _, number = last_event.partition(":")
            return Resume(_whole("Last-Event-ID", number) + 1, _whole("Last-Event-ID", page))
        return Resume(self._number("sequence_number"), self._number("sequence_page"))

    def _number(self, name: str) -> int:
        values = self._query.get(name, ["0"])
        if len(values) > 1:
            raise InvalidArgument(f"{name} is given more than once")
        return _whole(name, values[0])


def _bare(authorization: str) -> str:
    """Return the token of a header that may, but need not, name a scheme."""
    scheme, blank, token = authorization.partition(" ")
    return token.strip() if blank and scheme.lower() == "bearer" else authorization


def _whole(name: str, text: str) -> int:
    if not (text.isascii() and text.isdigit()) or len(text) > MAX_DIGITS or int(text) >= MAX_SEQUENCE - 1:
        raise InvalidArgument(f"{name} must be a whole number, not '{text[:40]}'")
    return int(text)
