"""How native gRPC connections reach Python: as bytes, over a unix socket on which it reads HTTP/2 itself.

Envoy keeps the port, TLS and the bound of connections. What a client speaks is known from its first bytes: HTTP/2
without TLS is native gRPC, and so is TLS whose client offers nothing but HTTP/2. A browser and curl offer HTTP/1.1 too.
"""

from cli.edge.settings import GRPC_SOCKET, KIB, EdgeSettings
from cli.edge.typed import Config, extension, seconds

HTTP = "http"
"""The name of the filter chain of all other connections."""
GRPC = "grpc"
"""The name of the filter chain, of its statistics and of its cluster."""

NATIVE = ("'h2c'", "'h2'", "'grpc-exp','h2'")
"""What the inspectors say of a native connection: prior knowledge, or all that TLS is offered, by old clients too.

A match of filter chains by protocol cannot tell them, since there one of those that are offered is enough.
"""

PASSED_ON_BYTES = 256 * KIB
"""So much of what Python has written to a connection is taken at once, unless more is kept for each connection.

Large messages wait for it: of 1 MiB to 100 subscribers it was 830 MB/s for 560 with 32 KiB, and 950 with 1 MiB.
"""

CONNECT_SECONDS = 5.0
"""To Python's socket, which a thread of the same process listens on."""
CONNECT_ATTEMPTS = 8
"""A unix socket whose queue is full refuses at once, where one of TCP would have the client wait."""
_FIRST_WAIT_SECONDS = 0.02
_LONGEST_WAIT_SECONDS = 1.0


def chains(settings: EdgeSettings, http: Config) -> Config:
    """Return what a listener says of its filter chains, where `http` is the one that Envoy reads HTTP on."""
    if not settings.grpc_by_python:
        return {"filter_chains": [http]}
    return {
        "filter_chains": [{**http, "name": HTTP}, {**http, "name": GRPC, "filters": [_bytes(settings)]}],
        "filter_chain_matcher": {
            "matcher_tree": {
                "input": extension(
                    "protocols", "extensions.matching.common_inputs.network.v3.ApplicationProtocolInput"
                ),
                "exact_match_map": {"map": {protocols: _to(GRPC) for protocols in NATIVE}},
            },
            "on_no_match": _to(HTTP),
        },
    }


def clusters(settings: EdgeSettings) -> list[Config]:
    """Return Python's socket, as the one that bytes go to.

    Each connection begins with a header of the PROXY protocol, which says where the client is.
    """
    if not settings.grpc_by_python:
        return []
    raw = extension("raw", "extensions.transport_sockets.raw_buffer.v3.RawBuffer")
    proxied = extension(
        "proxied",
        "extensions.transport_sockets.proxy_protocol.v3.ProxyProtocolUpstreamTransport",
        config={"version": "V2"},
        transport_socket=raw,
    )
    socket = {"endpoint": {"address": {"pipe": {"path": GRPC_SOCKET}}}}
    most = 2 * settings.bounds.connections
    return [
        {
            "name": GRPC,
            "type": "STATIC",
            "connect_timeout": seconds(CONNECT_SECONDS),
            "per_connection_buffer_limit_bytes": max(settings.bounds.connection_buffer_bytes, PASSED_ON_BYTES),
            "circuit_breakers": {"thresholds": [{"max_connections": most, "max_pending_requests": most}]},
            "load_assignment": {"cluster_name": GRPC, "endpoints": [{"lb_endpoints": [socket]}]},
            "transport_socket": proxied,
        }
    ]


def _bytes(settings: EdgeSettings) -> Config:
    """Return the filter that passes bytes on, once there is a client that has shaken hands."""
    return extension(
        "envoy.filters.network.tcp_proxy",
        "extensions.filters.network.tcp_proxy.v3.TcpProxy",
        stat_prefix=GRPC,
        cluster=GRPC,
        **_connecting(settings),
        idle_timeout=seconds(settings.times.connection_idle),
        max_connect_attempts=CONNECT_ATTEMPTS,
        backoff_options={
            "base_interval": seconds(_FIRST_WAIT_SECONDS),
            "max_interval": seconds(_LONGEST_WAIT_SECONDS),
        },
    )


def _connecting(settings: EdgeSettings) -> Config:
    if settings.certificate is None:
        return {}
    return {
        "upstream_connect_mode": "ON_DOWNSTREAM_TLS_HANDSHAKE",
        "max_early_data_bytes": settings.bounds.connection_buffer_bytes,
    }


def _to(chain: str) -> Config:
    name = {"@type": "type.googleapis.com/google.protobuf.StringValue", "value": chain}
    return {"action": {"name": chain, "typed_config": name}}
