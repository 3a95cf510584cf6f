"""A router's numbers for Prometheus."""

from collections.abc import Iterable

from prometheus_client.core import Metric
from prometheus_client.registry import Collector
from typing_extensions import override

from api.metrics import counter, counters, gauge, gauges, histogram
from router.meters.handover import Metering
from router.router import Router


class RouterMetrics(Collector):
    """Reads a router, and what it has not handed over of its usage."""

    def __init__(self, router: Router, metering: Metering) -> None:
        self._router = router
        self._metering = metering

    @override
    def collect(self) -> Iterable[Metric]:
        """Return all of them."""
        yield from self._traffic()
        yield from self._state()
        yield from self._links()
        yield from self._usage()

    def _traffic(self) -> Iterable[Metric]:
        counts = self._router.counts
        yield counter("tidings_router_publishes", "Publishes that were acknowledged.", counts.published)
        yield counter("tidings_router_subscriptions_opened", "Subscriptions that were opened.", counts.opened)
        yield counter("tidings_router_deliveries", "Items handed to subscribers' streams.", counts.delivered)
        yield counter(
            "tidings_router_delivered_bytes",
            "Bytes of the values of the items handed to streams.",
            counts.delivered_bytes,
        )
        yield counters(
            "tidings_router_refused", "Calls that ended with an error.", ("call", "code"), dict(counts.refused)
        )
        gaps = {(cause,): float(number) for cause, number in counts.gaps.items()}
        yield counters("tidings_router_discontinuities", "Discontinuities told to subscribers.", ("cause",), gaps)
        yield counter(
            "tidings_router_slow_readers_ended",
            "Streams that ended because they fell behind, where their cache has it so.",
            counts.disconnected,
        )
        yield histogram(
            "tidings_router_publish_seconds",
            "From a publish that may be done until its node has acknowledged it.",
            counts.publish,
        )
        yield histogram(
            "tidings_router_subscribe_seconds",
            "From a subscription's request until its first message can be written.",
            counts.subscribe,
        )
        yield histogram(
            "tidings_router_fanout_seconds",
            "From the first item of a round until it goes out to all who wait.",
            counts.fanout,
        )

    def _state(self) -> Iterable[Metric]:
        router = self._router
        yield gauge("tidings_router_subscriptions", "Subscriptions that are open.", len(router.subscriptions))
        yield gauge("tidings_router_topics", "Topics that have subscribers here.", len(router.feeds))
        yield gauge("tidings_router_waiting_bytes", "Bytes of items kept for slow readers.", router.feeds.held_bytes)
        yield gauge("tidings_router_accounts", "Accounts that it has met.", len(router.tenants.all()))
        yield gauge("tidings_router_draining", "1 while it opens no subscription.", router.is_draining)

    def _links(self) -> Iterable[Metric]:
        owners = self._router.owners
        yield gauge("tidings_router_map_version", "Version of the map of storage nodes.", owners.map_version)
        yield gauge(
            "tidings_router_map_age_seconds", "Since the map of storage nodes was learnt.", owners.map_age_seconds
        )
        links = owners.links
        connected = {(id,): float(link.is_connected) for id, link in links.items()}
        yield gauges(
            "tidings_router_link_connected", "1 while there is a connection to the node.", ("node",), connected
        )
        waiting = {(id,): float(link.waiting_bytes) for id, link in links.items()}
        yield gauges("tidings_router_link_waiting_bytes", "Bytes that wait for the node.", ("node",), waiting)

    def _usage(self) -> Iterable[Metric]:
        metering = self._metering
        yield gauge("tidings_router_usage_batches", "Batches of usage not yet applied.", metering.waiting_batches)
        age = metering.waiting_seconds
        yield gauge("tidings_router_usage_waiting_seconds", "For how long there has been a batch not yet applied.", age)
        age = metering.unkept_seconds
        yield gauge(
            "tidings_router_usage_unkept_seconds", "For how long the disk has taken no usage; 0 while it does.", age
        )
