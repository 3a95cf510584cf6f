"""The whole configuration that Envoy is started with."""

from cli.edge.grpc import clusters
from cli.edge.listener import listener
from cli.edge.settings import Bounds, EdgeSettings
from cli.edge.typed import Config, extension

_WATCHDOG: Config = {"miss_timeout": "2s", "megamiss_timeout": "10s"}
"""Envoy counts threads that do not turn for so long, and no more. By its own measure, 0.2 s, each of its threads wakes
ten times a second and two that look at them five times, which was a seventh of what an idle service takes."""


def configuration(settings: EdgeSettings) -> Config:
    """Return Envoy's bootstrap, as JSON values."""
    return {
        "admin": {"address": {"pipe": {"path": settings.admin_socket.name, "mode": 0o600}}},
        "application_log_config": {"log_format": _log_format(json=settings.json_logs)},
        "watchdogs": {"main_thread_watchdog": _WATCHDOG, "worker_watchdog": _WATCHDOG},
        "overload_manager": _overload(settings.bounds),
        "layered_runtime": {"layers": [{"name": "tidings", "static_layer": _runtime(settings.bounds)}]},
        "static_resources": {"listeners": [listener(settings)], "clusters": clusters(settings)},
    }


def _log_format(*, json: bool) -> Config:
    """Return how lines of Envoy look: as those of the application (`cli.logs`), each on one line."""
    if not json:
        return {"text_format": "%Y-%m-%dT%T.%e [%l] %_ [envoy.%n]"}
    return {"json_format": {"time": "%Y-%m-%dT%T.%e%z", "level": "%l", "logger": "envoy.%n", "message": "%j"}}


def _runtime(bounds: Bounds) -> Config:
    return {"overload": {"premature_reset_total_stream_count": bounds.premature_resets}}


def _overload(bounds: Bounds) -> Config:
    monitors = "extensions.resource_monitors"
    return {
        "refresh_interval": "0.25s",
        "resource_monitors": [
            extension(
                "envoy.resource_monitors.global_downstream_max_connections",
                f"{monitors}.downstream_connections.v3.DownstreamConnectionsConfig",
                max_active_downstream_connections=bounds.connections,
            ),
            extension(
                "envoy.resource_monitors.fixed_heap",
                f"{monitors}.fixed_heap.v3.FixedHeapConfig",
                max_heap_size_bytes=bounds.heap_bytes,
            ),
        ],
        "actions": [
            _above("envoy.overload_actions.shrink_heap", 0.85),
            _above("envoy.overload_actions.stop_accepting_requests", 0.9),
        ],
    }


def _above(action: str, fraction: float) -> Config:
    trigger = {"name": "envoy.resource_monitors.fixed_heap", "threshold": {"value": fraction}}
    return {"name": action, "triggers": [trigger]}
