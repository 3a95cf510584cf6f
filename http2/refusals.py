"""What a client is told of a request that never reaches the application, or that it leaves without an answer."""

import uuid
from typing import NamedTuple

from http2.blocks import fields


class Refusal(NamedTuple):
    """A status of gRPC in words.

    Attributes:
        status: The number.
        message: For people.
        err: What Momento's SDKs tell exceptions apart by, where they do.
    """

    status: int
    message: bytes
    err: bytes = b""

    def block(self) -> bytes:
        """Return the header block that is the whole answer, with an id that this refusal alone has."""
        headers = [
            (b":status", b"200"),
            (b"content-type", b"application/grpc"),
            (b"grpc-status", b"%d" % self.status),
            (b"grpc-message", self.message),
            (b"x-request-id", uuid.uuid4().hex.encode()),
        ]
        return fields([*headers, (b"err", self.err)] if self.err else headers)


TOO_LARGE = Refusal(8, b"the request is too large", b"request_size_limit_exceeded")
TOO_LATE = Refusal(4, b"the request did not arrive in time")
BUSY = Refusal(14, b"the service is busy or stopping")
BAD_PATH = Refusal(3, b"the method or the path is not allowed")
MALFORMED = Refusal(3, b"the request is malformed")
FAILED = Refusal(13, b"internal error")
