"""The test controls of the SDKs' own test suites: metadata that asks a local server to fail or to be slow.

They apply in local mode only, and only to requests with a `request-id`; all counters belong to that id.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping

from api import errors
from api.errors import TidingsError
from api.framing import HEADER_BYTES

MAX_COUNTERS = 10_000


def _error(name: str, grpc: int) -> type[TidingsError]:
    return type(name, (TidingsError,), {"grpc": grpc, "http": 500, "code": name.lower()})


_ERRORS: dict[str, type[TidingsError]] = {
    "invalid-argument": errors.InvalidArgument,
    "unknown": _error("Unknown", 2),
    "already-exists": errors.AlreadyExists,
    "not-found": errors.NotFound,
    "internal": errors.Internal,
    "permission-denied": errors.PermissionDenied,
    "unauthenticated": errors.Unauthenticated,
    "cancelled": _error("Cancelled", 1),
    "resource-exhausted": errors.PublishRateExceeded,
    "deadline-exceeded": errors.DeadlineExceeded,
    "unavailable": errors.Unavailable,
    "failed-precondition": _error("FailedPrecondition", 9),
    "connection-error": errors.Unavailable,
}
_SDK_SPELLINGS = {
    "invalid_argument_error": "invalid-argument",
    "unknown_error": "unknown",
    "already_exists_error": "already-exists",
    "not_found_error": "not-found",
    "internal_server_error": "internal",
    "permission_error": "permission-denied",
    "authentication_error": "unauthenticated",
    "cancelled_error": "cancelled",
    "limit_exceeded_error": "resource-exhausted",
    "timeout_error": "deadline-exceeded",
    "server_unavailable": "unavailable",
    "failed_precondition_error": "failed-precondition",
}
"""One SDK ships a middleware that sends its own error codes instead of the words."""


class StreamLimit:
    """Ends a stream with an error in place of its message after the first `messages`.

    The first heartbeat counts, items that were replayed on opening do not: they come in the first write with it.

    Attributes:
        error: What the stream ends with.
        withheld: Whether a message was there already that the error takes the place of.
    """

    def __init__(self, error: TidingsError, messages: int) -> None:
        self.error = error
        self.withheld = False
        self._left = messages
        self._first = True

    @property
    def reached(self) -> bool:
        """Whether the next message is the error."""
        return self._left <= 0

    def admitted(self, frames: bytes) -> bytes:
        """Return as many of the frames as are admitted, and count them."""
        if self._first:
            self._first = False
            self._left -= 1
            return frames
        end = 0
        while end < len(frames) and self._left > 0:
            end += HEADER_BYTES + int.from_bytes(frames[end + 1 : end + HEADER_BYTES], "big")
            self._left -= 1
        self.withheld = end < len(frames)
        return frames[:end]


class Controls:
    """Reads the controls from a request's metadata, and counts."""

    def __init__(self) -> None:
        self._used: Counter[tuple[str, str, str]] = Counter()

    async def before(self, rpc: str, headers: Mapping[bytes, bytes]) -> None:
        """Delay the call, or fail it, or both in this order, where its metadata asks for that.

        Raises:
            TidingsError: the error asked for.
            InvalidArgument: a control's value cannot be understood.
        """
        if not headers.get(b"request-id"):
            return
        if self._applies("delay", rpc, headers) and (delay := _integer(headers, "delay-ms")):
            await asyncio.sleep(delay / 1000)
        word = _text(headers, "return-error")
        if word and self._applies("error", rpc, headers):
            raise _asked_for(word)

    def stream_limit(self, rpc: str, headers: Mapping[bytes, bytes]) -> StreamLimit | None:
        """Return the limit of a stream, where its metadata asks for one."""
        word = _text(headers, "stream-error")
        if not headers.get(b"request-id") or not word or rpc not in _text(headers, "stream-error-rpcs").split():
            return None
        return StreamLimit(_asked_for(word), _integer(headers, "stream-error-message-limit") or 0)

    def _applies(self, control: str, rpc: str, headers: Mapping[bytes, bytes]) -> bool:
        if rpc not in _text(headers, f"{control}-rpcs").split():
            return False
        most = _integer(headers, f"{control}-count")
        if most is None:
            return True
        key = (_text(headers, "request-id"), control, rpc)
        if len(self._used) >= MAX_COUNTERS:
            self._used.clear()
        self._used[key] += 1
        return self._used[key] <= most


def _asked_for(word: str) -> TidingsError:
    key = _SDK_SPELLINGS.get(word.lower(), word.lower())
    if key not in _ERRORS:
        return errors.InvalidArgument(f"'{word}' is not an error that the test controls know")
    return _ERRORS[key](f"the test controls asked for {key}")


def _text(headers: Mapping[bytes, bytes], name: str) -> str:
    return headers.get(name.encode(), b"").decode("latin-1").strip()


def _integer(headers: Mapping[bytes, bytes], name: str) -> int | None:
    text = _text(headers, name)
    if not text:
        return None
    if not text.isdigit() or len(text) > 9:
        raise errors.InvalidArgument(f"the test control '{name}' must be a whole number, not '{text}'")
    return int(text)
