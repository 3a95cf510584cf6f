"""What one connection may ask for, and how long it may take; of the server, what all may hold together."""

from dataclasses import dataclass

KIB = 1024
MIB = 1024 * KIB


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds in bytes, numbers and seconds."""

    connections: int = 20_000
    """That no proxy stands before, at a time; more are closed at once. A proxy has a bound of its own."""
    streams: int = 2048
    """At a time; more are refused. A process of Momento's SDK puts all its subscriptions on one connection."""
    stream_window_bytes: int = 64 * KIB
    connection_window_bytes: int = 1 * MIB
    header_bytes: int = 60 * KIB
    """Of a request, compressed and not. More end its stream, and twice as much the connection."""
    headers: int = 100
    request_bytes: int = 5 * MIB
    held_bytes: int = 128 * MIB
    """Of requests that have not come whole, over all connections: above it, whoever holds more than its part of it is
    refused, so that it is never twice as much."""
    unanswered: int = 16_384
    """Calls of all connections that wait for the application, or for what it has promised, at a time; more are
    UNAVAILABLE at once."""
    resets: int = 5_000
    """Streams that a client gave up too soon, or that were at fault, if they are half of its streams or more. Who looks
    at the newest item of a topic, or waits for one reply, makes such streams too; a connection is there for months, and
    all its subscriptions end with it."""
    resets_a_second: float = 100.0
    """So many more are allowed after a time. Each costs what a subscription costs that is held for a while, of which a
    client may end `streams` a second."""
    premature_seconds: float = 1.0
    """Whoever resets a stream unanswered, or sooner after it began, gave it up too soon. A subscription ends by a reset
    as well, but costs a place among `streams` so long: a client can end so many a second and no more."""
    spare_frames: int = 1_000
    """Frames that ask for nothing, as PING but where it follows data; so many more are allowed after a time."""
    spare_frames_a_second: float = 100.0
    first_bytes_seconds: float = 15.0
    request_seconds: float = 15.0
    """From a request's headers to its end."""
    stalled_seconds: float = 45.0
    """How long something may wait for a client that does not read, before its stream or its connection ends."""
    ping_seconds: float = 20.0
    ping_answer_seconds: float = 5.0
    goaway_seconds: float = 1.0
    """Between the first GOAWAY and the one from which on new streams are refused: what is on its way still counts."""
