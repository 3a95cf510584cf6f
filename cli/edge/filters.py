"""The HTTP filters in front of the application, in the order in which a request meets them."""

import importlib.util
import json

from cli.edge.admission import publishes_at_a_time
from cli.edge.settings import EdgeSettings
from cli.edge.typed import Config, extension, typed

METHODS = ("POST", "GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS")
PUBLISH = "/cache_client.pubsub.Pubsub/Publish"
TOPICS = "/topics/"
"""Below it, each POST is a publish over HTTP."""

DECODABLE_PATH = (
    r"(?i)^(?:[!-$&-~]|%[0-7][0-9a-f]|(?:%c[2-9a-f]|%d[0-9a-f]|%e0%[ab][0-9a-f]|%ed%[89][0-9a-f]|"
    r"(?:%e[1-9a-cef]|%f0%[9ab][0-9a-f]|%f4%8[0-9a-f]|%f[1-3]%[89ab][0-9a-f])%[89ab][0-9a-f])%[89ab][0-9a-f])*$"
)
"""Paths that are UTF-8 after %-decoding. Any other never reaches the application and would hang until the idle timeout.

Shaped to stay within the 100 instructions that Envoy allows a pattern; the plain form has 106 and is refused at start.
"""

LOCAL_CONTROLS = (
    "request-id",
    "return-error",
    "error-rpcs",
    "error-count",
    "delay-rpcs",
    "delay-ms",
    "delay-count",
    "stream-error-rpcs",
    "stream-error",
    "stream-error-message-limit",
)
ALLOWED_HEADERS = (
    "authorization",
    "accept",
    "agent",
    "cache",
    "content-type",
    "grpc-timeout",
    "last-event-id",
    "read-concern",
    "runtime-version",
    "x-grpc-web",
    "x-request-id",
    "x-user-agent",
    *LOCAL_CONTROLS,
)
EXPOSED_HEADERS = ("grpc-status", "grpc-message", "err", "retry-after", "x-request-id")


def http_filters(settings: EdgeSettings) -> list[Config]:
    """Return the chain.

    CORS is first, so that a page of another origin can read a refusal too; gRPC-Web is second, so that a refusal takes
    its form and the body limit counts decoded bytes. The bound of publishes comes before whatever else costs something,
    since what counts when there are too many is what a refusal costs.
    """
    return [
        extension("envoy.filters.http.cors", "extensions.filters.http.cors.v3.Cors"),
        extension("envoy.filters.http.grpc_web", "extensions.filters.http.grpc_web.v3.GrpcWeb"),
        publishes_at_a_time(PUBLISH, TOPICS, settings.bounds),
        _deny_unless(methods=_methods(), paths=_paths()),
        _readiness(),
        extension(
            "envoy.filters.http.buffer",
            "extensions.filters.http.buffer.v3.Buffer",
            max_request_bytes=settings.bounds.request_bytes,
        ),
        _application(settings.app),
    ]


def cors_policy() -> Config:
    """Return the policy for pages of any origin, which never send cookies: the token is a header of its own."""
    return typed(
        "extensions.filters.http.cors.v3.CorsPolicy",
        allow_origin_string_match=[{"safe_regex": {"regex": ".*"}}],
        allow_methods="POST, GET, PUT, DELETE, PATCH, OPTIONS",
        allow_headers=", ".join(ALLOWED_HEADERS),
        expose_headers=", ".join(EXPOSED_HEADERS),
        max_age="86400",
    )


def _methods() -> list[Config]:
    return [{"header": {"name": ":method", "string_match": {"exact": method}}} for method in METHODS]


def _paths() -> list[Config]:
    """Return what a path may be; the one of nearly every request first, since the pattern costs more than all else."""
    patterns: list[Config] = [{"exact": PUBLISH}, {"safe_regex": {"regex": DECODABLE_PATH}}]
    return [{"url_path": {"path": pattern}} for pattern in patterns]


def _deny_unless(**permitted: list[Config]) -> Config:
    """Deny a request that fits no rule of one of the lists. One filter for all, since each costs 3 us a request."""
    policies = {
        name: {"permissions": [{"not_rule": {"or_rules": {"rules": rules}}}], "principals": [{"any": True}]}
        for name, rules in permitted.items()
    }
    return extension(
        "tidings.requests", "extensions.filters.http.rbac.v3.RBAC", rules={"action": "DENY", "policies": policies}
    )


def _readiness() -> Config:
    """Answer `/readyz` with 503 as soon as this process is told to drain; else the application answers it."""
    return extension(
        "envoy.filters.http.health_check",
        "extensions.filters.http.health_check.v3.HealthCheck",
        pass_through_mode=True,
        headers=[{"name": ":path", "string_match": {"exact": "/readyz"}}],
    )


def _application(app: str) -> Config:
    config = {"app": app, "interface": "asgi", "root_path": "", "lifespan": True, "loop": "uvloop", "worker_threads": 1}
    module = importlib.util.find_spec("pyvoy._pyvoy")
    if module is None or module.origin is None:
        msg = "the package pyvoy has no native module for this platform"
        raise ModuleNotFoundError(msg)
    return extension(
        "pyvoy",
        "extensions.filters.http.dynamic_modules.v3.DynamicModuleFilter",
        dynamic_module_config={"module": {"local": {"filename": module.origin}}},
        filter_name="pyvoy",
        terminal_filter=True,
        filter_config={"@type": "type.googleapis.com/google.protobuf.StringValue", "value": json.dumps(config)},
    )
