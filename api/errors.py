"""The one family of errors that a client may see.

Each class says what the client does next (`after`) and how both protocols show it. The edge alone maps them; an
exception of any other type is logged and answered as `Internal`, so that its text never leaves the process.
"""

from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal

After = Literal["retry", "resubscribe", "give up"]
"""What a well-behaved client does after this error."""


class TidingsError(Exception):
    """An error with a message that is safe to show to the client that caused it.

    Attributes:
        grpc: gRPC status code (0-16).
        http: HTTP status code.
        code: The word for it in JSON bodies.
        err: Value of the `err` trailer that SDKs read, where they read one.
        after: What the client does next.
        details: What the message sums up, thing by thing, for a program to read.
    """

    grpc: ClassVar[int]
    http: ClassVar[int]
    code: ClassVar[str]
    err: ClassVar[str | None] = None
    after: ClassVar[After] = "give up"

    def __init__(self, message: str, details: Sequence[Mapping[str, str]] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.details = details

    @property
    def retry_seconds(self) -> int | None:
        """After how long a client over HTTP is told to try again; None to tell nothing."""
        return 1 if self.http in (429, 503) else None


class InvalidArgument(TidingsError):
    grpc, http, code = 3, 400, "invalid_argument"


class DeadlineExceeded(TidingsError):
    grpc, http, code = 4, 504, "deadline_exceeded"
    after = "retry"


class NotFound(TidingsError):
    grpc, http, code = 5, 404, "not_found"


class AlreadyExists(TidingsError):
    grpc, http, code = 6, 409, "already_exists"


class IdempotencyConflict(TidingsError):
    """An idempotency key that came with another request before, or whose request has no answer that can be given."""

    grpc, http, code = 6, 409, "idempotency_conflict"


class LastOwner(TidingsError):
    """An account keeps an owner."""

    grpc, http, code = 9, 409, "last_owner"


class PreconditionFailed(TidingsError):
    """The thing is not in the state that the client has seen."""

    grpc, http, code = 9, 412, "precondition_failed"


class InUse(TidingsError):
    """The thing cannot go while others need it; the details name them."""

    grpc, http, code = 9, 409, "in_use"


class NotInForce(TidingsError):
    """The thing is there, and of no effect any more."""

    grpc, http, code = 9, 409, "not_in_force"


class PermissionDenied(TidingsError):
    grpc, http, code = 7, 403, "permission_denied"


class MessageTooLarge(TidingsError):
    grpc, http, code = 8, 413, "message_too_large"
    err = "request_size_limit_exceeded"


class PublishRateExceeded(TidingsError):
    grpc, http, code = 8, 429, "publish_rate_exceeded"
    err = "operations_rate_limit_exceeded"
    after = "retry"


class SpendCapReached(TidingsError):
    """The account has spent what it wanted to spend at most; its month, or somebody, lets it go on."""

    grpc, http, code = 8, 429, "spend_cap_reached"
    err = "operations_rate_limit_exceeded"

    def __init__(self, message: str, retry_seconds: int | None = None) -> None:
        """`retry_seconds` are left until the month of the cap ends; None where that is not known."""
        super().__init__(message)
        self._retry_seconds = retry_seconds

    @property
    def retry_seconds(self) -> int | None:
        """After how long the cap is lifted, unless somebody raises it before."""
        return self._retry_seconds


class ThroughputExceeded(TidingsError):
    grpc, http, code = 8, 429, "throughput_exceeded"
    err = "throughput_rate_limit_exceeded"
    after = "retry"


class TooManySubscriptions(TidingsError):
    """Its text must hold the word "subscribers": some SDKs know the case by that alone."""

    grpc, http, code = 8, 429, "too_many_subscriptions"
    err = "topic_subscriptions_limit_exceeded"


class SlowReader(TidingsError):
    """The stream fell behind, and its cache has such streams end. No text that SDKs take for another limit."""

    grpc, http, code = 8, 429, "slow_reader"
    after = "retry"

    def __init__(self) -> None:
        super().__init__("the stream fell behind, and the slow reader policy of its cache is 'disconnect'; read faster")


class TooManyCaches(TidingsError):
    grpc, http, code = 8, 429, "too_many_caches"


class TooManyApiKeys(TidingsError):
    grpc, http, code = 8, 429, "too_many_api_keys"


class TooManyRoles(TidingsError):
    grpc, http, code = 8, 429, "too_many_roles"


class TooManyRevocations(TidingsError):
    grpc, http, code = 8, 429, "too_many_revocations"


class TooManyWebhooks(TidingsError):
    grpc, http, code = 8, 429, "too_many_webhooks"


class TooManyAccounts(TidingsError):
    grpc, http, code = 8, 429, "too_many_accounts"


class TooManyInvitations(TidingsError):
    grpc, http, code = 8, 429, "too_many_invitations"


class TooManyLogins(TidingsError):
    grpc, http, code = 8, 429, "too_many_logins"
    after = "retry"


class TooManyRequests(TidingsError):
    """Requests to the REST API; those for topics have limits of their own."""

    grpc, http, code = 8, 429, "too_many_requests"
    after = "retry"


class UsageNotRecorded(TidingsError):
    """There is no room to record what would be used, so it is not done."""

    grpc, http, code = 8, 507, "usage_not_recorded"
    after = "retry"


class Unimplemented(TidingsError):
    grpc, http, code = 12, 404, "unimplemented"


class MethodNotAllowed(TidingsError):
    grpc, http, code = 12, 405, "method_not_allowed"


class NotGrpc(TidingsError):
    """The path is a gRPC method, and the request is not a gRPC request."""

    grpc, http, code = 12, 415, "unsupported_media_type"


class Internal(TidingsError):
    grpc, http, code = 13, 500, "internal"
    after = "retry"

    def __init__(self, message: str = "internal error") -> None:
        super().__init__(message)


class StreamMoved(TidingsError):
    """The end of a stream that the client is to open again at once, here or on another router.

    INTERNAL with this very text is the only ending on which every SDK that reconnects does so: it is what their
    gRPC stacks say when a proxy closes a healthy stream.
    """

    grpc, http, code = 13, 503, "stream_moved"
    after = "resubscribe"

    def __init__(self) -> None:
        super().__init__("Received RST_STREAM with code 0")


class Unavailable(TidingsError):
    grpc, http, code = 14, 503, "unavailable"
    after = "retry"


class Unauthenticated(TidingsError):
    grpc, http, code = 16, 401, "unauthenticated"
