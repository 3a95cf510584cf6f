"""The one listener of a process: HTTP/1.1 and HTTP/2 on one port, with TLS if there is a certificate.

One and no more, because each listener would get a Python event loop and an application lifespan of its own.
"""

from cli.edge.filters import PUBLISH, cors_policy, http_filters
from cli.edge.grpc import chains
from cli.edge.replies import local_reply_config
from cli.edge.settings import Certificate, EdgeSettings
from cli.edge.typed import Config, extension, seconds

ACCESS_FIELDS = {
    "time": "%START_TIME%",
    "method": "%REQ(:METHOD)%",
    "path": "%PATH(NQ)%",
    "protocol": "%PROTOCOL%",
    "status": "%RESPONSE_CODE%",
    "grpc": "%GRPC_STATUS(SNAKE_STRING)%",
    "details": "%RESPONSE_CODE_DETAILS%",
    "flags": "%RESPONSE_FLAGS%",
    "connection_end": "%CONNECTION_TERMINATION_DETAILS%",
    "milliseconds": "%DURATION%",
    "received_bytes": "%BYTES_RECEIVED%",
    "sent_bytes": "%BYTES_SENT%",
    "peer": "%DOWNSTREAM_REMOTE_ADDRESS%",
    "request_id": '%COALESCE({"operators":[{"command":"RESP","param":"X-REQUEST-ID"},'
    '{"command":"TRAILER","param":"X-REQUEST-ID"}]})%',
}
"""A line's members. The path comes without its query, which may hold a token."""


def listener(settings: EdgeSettings) -> Config:
    """Return the listener."""
    chain: Config = {"filters": [_http(settings)]}
    inspectors = [extension("http_inspector", "extensions.filters.listener.http_inspector.v3.HttpInspector")]
    if settings.certificate:
        chain["transport_socket"] = _tls(settings.certificate)
        chain["transport_socket_connect_timeout"] = seconds(settings.times.first_bytes)
        inspectors = [extension("tls_inspector", "extensions.filters.listener.tls_inspector.v3.TlsInspector")]
    return {
        "name": "listener",
        "address": {"socket_address": {"address": settings.host, "port_value": settings.port}},
        "enable_reuse_port": True,
        "per_connection_buffer_limit_bytes": settings.bounds.connection_buffer_bytes,
        "listener_filters": inspectors,
        "listener_filters_timeout": seconds(settings.times.first_bytes),
        **chains(settings, chain),
    }


def _tls(certificate: Certificate) -> Config:
    pair = {
        "certificate_chain": {"filename": str(certificate.chain)},
        "private_key": {"filename": str(certificate.key)},
    }
    return extension(
        "envoy.transport_sockets.tls",
        "extensions.transport_sockets.tls.v3.DownstreamTlsContext",
        common_tls_context={
            "tls_params": {"tls_minimum_protocol_version": "TLSv1_2", "tls_maximum_protocol_version": "TLSv1_3"},
            "tls_certificates": [pair],
            "alpn_protocols": ["h2", "http/1.1"],
        },
    )


def _http(settings: EdgeSettings) -> Config:
    times = settings.times
    return extension(
        "envoy.filters.network.http_connection_manager",
        "extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        stat_prefix="ingress_http",
        generate_request_id=False,
        server_header_transformation="PASS_THROUGH",
        use_remote_address=True,
        xff_num_trusted_hops=settings.trusted_proxies,
        normalize_path=True,
        merge_slashes=True,
        path_with_escaped_slashes_action="REJECT_REQUEST",
        stream_idle_timeout=seconds(times.stream_idle),
        request_timeout=seconds(times.request),
        request_headers_timeout=seconds(times.request_headers),
        drain_timeout=seconds(times.goaway_to_close),
        common_http_protocol_options={
            "idle_timeout": seconds(times.connection_idle),
            "headers_with_underscores_action": "REJECT_REQUEST",
        },
        http2_protocol_options=_http2(settings),
        http_filters=http_filters(settings),
        local_reply_config=local_reply_config(),
        access_log=[_access_log(settings)],
        route_config=_routes(),
    )


def _http2(settings: EdgeSettings) -> Config:
    bounds, times = settings.bounds, settings.times
    return {
        "initial_stream_window_size": bounds.stream_window_bytes,
        "initial_connection_window_size": bounds.connection_window_bytes,
        "max_concurrent_streams": bounds.streams_per_connection,
        "connection_keepalive": {
            "interval": seconds(times.keepalive_interval),
            "timeout": seconds(times.keepalive_timeout),
        },
        "override_stream_error_on_invalid_http_message": True,
    }


def _routes() -> Config:
    """Return one route for everything; the CORS filter does nothing on a request without a route."""
    host = {
        "name": "local_service",
        "domains": ["*"],
        "routes": [{"match": {"prefix": "/"}, "non_forwarding_action": {}}],
        "typed_per_filter_config": {"envoy.filters.http.cors": cors_policy()},
    }
    return {"virtual_hosts": [host]}


def _access_log(settings: EdgeSettings) -> Config:
    log = extension(
        "access_log",
        "extensions.access_loggers.file.v3.FileAccessLog",
        path=str(settings.access_log),
        log_format={"json_format": ACCESS_FIELDS},
    )
    return log if settings.access_log_all else {**log, "filter": {"or_filter": {"filters": _notable()}}}


def _notable() -> list[Config]:
    """Everything but a publish that succeeded: at 25,000 a second those are 6 MB of log, and a quarter of the work.

    For the same reason only some of the publishes that were refused because there are too many.
    """
    published = {"name": ":path", "string_match": {"exact": PUBLISH}, "invert_match": True}
    return [
        {"header_filter": {"header": published}},
        {"grpc_status_filter": {"statuses": ["OK", "UNAVAILABLE"], "exclude": True}},
        {"response_flag_filter": {}},
        _one_of_a_hundred(),
    ]


def _one_of_a_hundred() -> Config:
    return {"runtime_filter": {"runtime_key": "tidings.access_log", "percent_sampled": {"numerator": 1}}}
