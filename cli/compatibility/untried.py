"""What no check from outside can say, so that nobody takes a matrix without failures for the whole contract."""

from cli.compatibility.check import Check

CHECKS = tuple(
    Check(point, promise, None, why)
    for point, promise, why in (
        (18, "pings every 5 s are answered, and never by GOAWAY", "it takes minutes, and a client below gRPC's"),
        (19, "one connection holds more than 1,000 streams", "it could use up the subscriptions of the account"),
        (22, "an immediate error is trailers-only", "a gRPC client does not show the frames"),
        (44, "older than the history: a discontinuity that names the gap", "how much is retained is not known"),
        (48, "a slow subscriber is told what it missed", "the buffers between are not known"),
        (50, "`grpc-timeout` does not end a stream", "a gRPC client ends the stream by itself"),
        (54, "a drain ends streams with INTERNAL and the text after which SDKs come back", "only an operator drains"),
        (55, "over a limit: RESOURCE_EXHAUSTED with its `err`", "it would use up the limits of the account"),
    )
)
