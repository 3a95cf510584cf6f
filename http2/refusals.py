"""What a client is told of a request that never reaches the application, or that it leaves without an answer."""

import uuid
from typing import NamedTuple

from http2.rules import Headers


class Refusal(NamedTuple):
    """A status of gRPC in words.

    Attributes:
        name: For whoever looks for all of a kind.
        status: The number.
        message: For people.
        err: What Momento's SDKs tell exceptions apart by, where they do.
    """

    name: str
    status: int
    message: bytes
    err: bytes = b""

    def headers(self) -> Headers:
        """Return the headers that are the whole answer, with an id that this refusal alone has."""
        headers = [
            (b"content-type", b"application/grpc"),
            (b"grpc-status", b"%d" % self.status),
            (b"grpc-message", self.message),
            (b"x-request-id", uuid.uuid4().hex.encode()),
        ]
        return [*headers, (b"err", self.err)] if self.err else headers


TOO_LARGE = Refusal("request_payload_too_large", 8, b"the request is too large", b"request_size_limit_exceeded")
TOO_LATE = Refusal("request_overall_timeout", 4, b"the request did not arrive in time")
BUSY = Refusal("reached_concurrency_limit", 14, b"the service is busy or stopping")
BAD_PATH = Refusal("path_not_allowed", 3, b"the method or the path is not allowed")
MALFORMED = Refusal("request_malformed", 3, b"the request is malformed")
FAILED = Refusal("application_failed", 13, b"internal error")
