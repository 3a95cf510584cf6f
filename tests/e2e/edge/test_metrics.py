"""`/metrics` as Prometheus meets it: on a port of its own, read by its own parser."""

import re

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.e2e.service import Service, until
from tests.e2e.tenant import Tenant

PLACE = re.compile(r"^metrics (http://\S+)$", re.MULTILINE)


def samples(url: str) -> dict[str, float]:
    """Return the sum of each sample's series, by its name."""
    sums: dict[str, float] = {}
    for family in text_string_to_metric_families(httpx.get(url).raise_for_status().text):
        for sample in family.samples:
            sums[sample.name] = sums.get(sample.name, 0.0) + sample.value
    return sums


def test_what_happens_shows_in_the_numbers() -> None:
    with Service("--metrics-port", "0") as service, Tenant(service) as ada:
        found = PLACE.search(service.output)
        assert found, service.output
        url = found[1]
        cache = ada.new_cache()
        subscription = ada.owner.subscribe(cache, "chat")
        for text in ("one", "two", "three"):
            ada.owner.publish(cache, "chat", text)
        assert subscription.texts(3) == ["one", "two", "three"]
        seen = samples(url)
        assert seen["tidings_router_publishes_total"] == 3
        assert seen["tidings_router_deliveries_total"] == 3
        assert seen["tidings_router_subscriptions"] == 1
        assert seen["tidings_router_publish_seconds_count"] == 3
        assert seen["tidings_storage_items_total"] == 3
        assert seen["tidings_accounts_database_reachable"] == 1
        assert seen["tidings_supervisor_starts_total"] == 1
        assert seen["process_resident_memory_bytes"] > 2**20
        assert any(name.startswith("envoy_http_downstream_rq") for name in seen)
        until(lambda: samples(url)["tidings_accounts_usage_batches_total"] >= 1, what="a batch of usage in the numbers")
        for secret in (ada.key, ada.email, cache, "chat"):
            assert secret not in httpx.get(url).text
        subscription.cancel()


@pytest.mark.parametrize("path", ["/metrics", "/stats/prometheus"])
def test_clients_do_not_reach_them(path: str) -> None:
    with Service() as service:
        assert "metrics" not in service.output
        answer = httpx.get(service.url + path)
        assert answer.status_code == 404
        assert "tidings_" not in answer.text
