"""What may differ from one Envoy to the next: addresses, files, bounds and times."""

from dataclasses import dataclass
from pathlib import Path

KIB = 1024
MIB = 1024 * KIB

ADMIN_SOCKET = "admin.sock"
"""Of Envoy's administration, in the folder of its run."""
GRPC_SOCKET = "grpc.sock"
"""On which Python reads native gRPC connections, where it does; in the same folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """The two PEM files of a TLS server: the chain, and the private key of its first certificate."""

    chain: Path
    key: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """How much one caller, or all together, may make Envoy hold."""

    request_bytes: int = 5 * MIB
    """Body of one request. Over the message limit (just under 4 MiB), so that the application names that one itself."""
    stream_window_bytes: int = 64 * KIB
    """HTTP/2 window of a stream, which is also what a subscriber that stopped reading may make us buffer.

    1,000-byte sends to a stalled subscriber: 0.13 MB accepted and 0.33 MB of memory; with Envoy's default of 16 MiB,
    16.84 MB accepted and 70.9 MB of memory. The fan-out rate is the same with both.
    """
    connection_window_bytes: int = 1 * MIB
    connection_buffer_bytes: int = 32 * KIB
    """So much of a connection is read in a turn, and so much is kept for it before its streams are told to wait.

    Each of them is told, and told again when there is room: see `docs/decisions/0050-a-buffer-for-many-streams.md`.
    """
    streams_per_connection: int = 2048
    """More than 1,000: a Python process of Momento's SDK puts all its subscriptions on one connection."""
    connections: int = 20_000
    heap_bytes: int = 2_000_000_000
    caller_groups: int = 4
    """Those who publish are divided among so many groups by a hash of their tokens."""
    publishes_at_a_time: int = 4096
    """Of one group. Three times as much as can be served, without it: 1.4 GB of memory; with it, 0.5 GB."""
    premature_resets: int = 5_000
    """Streams on one connection, half of them given up within a second and unanswered, after which it is closed.

    Envoy's default of 500 also meets honest clients that subscribe and leave in bursts.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """How long Envoy waits, in seconds."""

    stream_idle: float = 45.0
    """Nothing but this ends a stream whose client stopped reading: the application's writes queue behind the block."""
    connection_idle: float = 3600.0
    """A connection without streams. SDKs keep one open by pings alone, which do not count, and expect no GOAWAY."""
    first_bytes: float = 15.0
    """From the TCP connection to the first bytes that say which protocol it speaks."""
    request_headers: float = 5.0
    request: float = 15.0
    keepalive_interval: float = 20.0
    keepalive_timeout: float = 5.0
    """With the interval, the longest that a peer behind a dead link keeps its streams: 25 s; with neither, over 36."""
    goaway_to_close: float = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeSettings:
    """One Envoy process: one listener, and behind it one application on one event loop."""

    host: str
    port: int
    run_dir: Path
    """Holds this process's own configuration and sockets; it is also its working directory."""
    access_log: Path
    access_log_all: bool = False
    """Log each request; else all but the publishes that succeeded."""
    json_logs: bool = False
    """What Envoy itself says on standard error is JSON. The access log is, whatever this says."""
    app: str = "cli.entry:app"
    certificate: Certificate | None = None
    bounds: Bounds = Bounds()
    times: Times = Times()
    workers_nice: int = 0
    """How far Envoy's threads for connections always stand behind Python's; 0 lets `precedence` decide."""
    grpc_by_python: bool = False
    """Native gRPC connections are passed on as bytes (`grpc.py`); else Envoy reads them."""
    grpc_port: int | None = None
    """Python listens there for native gRPC by itself, without TLS and without Envoy before it."""
    trusted_proxies: int = 0
    """How many proxies in front append to X-Forwarded-For; with 0 the header is not believed at all."""

    @property
    def admin_socket(self) -> Path:
        return self.run_dir / ADMIN_SOCKET
