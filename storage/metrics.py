"""A storage node's numbers for Prometheus."""

from collections.abc import Iterable

from prometheus_client.core import Metric
from prometheus_client.registry import Collector
from typing_extensions import override

from api.metrics import counter, gauge, gauges, one_of
from storage.member import Member
from storage.membership import STATES
from storage.node import Node
from storage.server import Server


class NodeMetrics(Collector):
    """Reads the nodes of one process."""

    def __init__(self, nodes: Iterable[Node]) -> None:
        self._nodes = list(nodes)

    @override
    def collect(self) -> Iterable[Metric]:
        """Return all of them."""
        nodes = self._nodes
        topics = {(node.id,): float(len(node)) for node in nodes}
        yield gauges("tidings_storage_topics", "Topics that the node has.", ("node",), topics)
        held = {(node.id,): float(node.taken_bytes) for node in nodes}
        yield gauges(
            "tidings_storage_history_bytes",
            "Bytes that topics and the items that are kept take in memory.",
            ("node",),
            held,
        )
        most = {(node.id,): float(node.settings.total_bytes) for node in nodes}
        yield gauges("tidings_storage_history_limit_bytes", "So many bytes may they take.", ("node",), most)
        yield counter("tidings_storage_items", "Items that were numbered.", sum(node.items for node in nodes))
        yield counter(
            "tidings_storage_dropped",
            "Items dropped because the node had no room for more.",
            sum(node.dropped for node in nodes),
        )


class MemberMetrics(Collector):
    """Reads what a node of a fleet has besides: its place in the map, and the routers that are linked to it."""

    def __init__(self, member: Member, server: Server) -> None:
        self._member = member
        self._server = server

    @override
    def collect(self) -> Iterable[Metric]:
        """Return all of them."""
        membership = self._member.membership
        yield gauge("tidings_storage_map_version", "Version of the map of storage nodes.", membership.map_version)
        yield gauge("tidings_storage_lease_seconds", "Until the node's lease ends.", membership.lease_seconds_left)
        yield one_of(
            "tidings_storage_lease_state",
            "1 for how the lease stands: fresh, blind (Redis is away, or full) or lapsed.",
            membership.state,
            STATES,
        )
        yield gauge("tidings_storage_routers", "Routers that are linked to the node.", self._server.sessions)
        yield gauge("tidings_storage_outbox_bytes", "Bytes that wait for routers.", self._server.waiting_bytes)
