"""The numbers of native gRPC connections that Python reads, for Prometheus: Envoy counts their bytes alone."""

from collections.abc import Iterable

from prometheus_client.core import Metric
from prometheus_client.registry import Collector
from typing_extensions import override

from api.metrics import counter, gauge
from http2.counts import Counts


class NativeGrpcMetrics(Collector):
    """Reads what a server of HTTP/2 has seen."""

    def __init__(self, counts: Counts) -> None:
        self._counts = counts

    @override
    def collect(self) -> Iterable[Metric]:
        """Return all of them."""
        counts = self._counts
        yield gauge("tidings_grpc_connections", "Native gRPC connections that are open.", counts.connections)
        yield gauge(
            "tidings_grpc_direct_connections", "Those of them that did not come by way of Envoy.", counts.direct
        )
        yield gauge(
            "tidings_grpc_waiting_connections",
            "Native gRPC connections whose requests wait until others had their turn.",
            counts.waiting,
        )
        yield counter("tidings_grpc_calls", "Calls over native gRPC.", counts.calls)
        yield gauge("tidings_grpc_unanswered", "Calls whose answer has not begun.", counts.unanswered)
        yield counter("tidings_grpc_resets", "Calls that clients gave up before their end.", counts.resets)
        yield counter("tidings_grpc_faults", "Calls that broke a rule of HTTP/2, or were refused by it.", counts.faults)
        yield counter(
            "tidings_grpc_broken",
            "Connections that were ended: they broke HTTP/2, asked for too much or did not answer.",
            counts.broken,
        )
        yield gauge("tidings_grpc_held_bytes", "Bytes of requests that have not come whole.", counts.held_bytes)
        yield counter("tidings_grpc_received_bytes", "Bytes that came from clients.", counts.received_bytes)
        yield counter("tidings_grpc_sent_bytes", "Bytes that went to clients.", counts.sent_bytes)
