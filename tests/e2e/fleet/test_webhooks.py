"""Webhooks of a fleet, from a durable cache: nothing acknowledged is lost while receiver, service and node are away."""

import itertools
from collections.abc import Iterator

import grpc
import pytest

from tests.e2e.fleet.fleet import Fleet
from tests.e2e.service import until
from tests.e2e.tenant import Tenant
from tests.e2e.webhooks.receiver import Receiver
from tests.e2e.wire import Client

TOPIC = "news"


class Publisher:
    """Publishes one number after the other through a router; `acknowledged` are those that it was told of."""

    def __init__(self, client: Client, cache: str) -> None:
        self._client = client
        self._cache = cache
        self._numbers = itertools.count()
        self.acknowledged: list[int] = []

    def publish(self, count: int) -> None:
        for number in itertools.islice(self._numbers, count):
            try:
                self._client.publish(self._cache, TOPIC, str(number))
            except grpc.RpcError:
                continue  # it may have arrived all the same
            self.acknowledged.append(number)


@pytest.fixture
def tenant(fleet: Fleet) -> Iterator[Tenant]:
    """Somebody with a log-in of their own, however often the account service begins anew."""
    fleet.wait_for_nodes(len(fleet.nodes))
    with Tenant(fleet.accounts[0]) as somebody:
        yield somebody


def test_nothing_is_lost_while_the_receiver_fails_and_processes_are_killed(fleet: Fleet, tenant: Tenant) -> None:
    cache = tenant.new_cache()
    tenant.http.patch(f"/v1/caches/{cache}", json={"durable": True}).raise_for_status()
    publisher = Publisher(fleet.client(tenant, fleet.routers[0]), cache)
    publisher.publish(3)  # before: a webhook gets what comes after it
    with Receiver() as receiver:
        body = {"cache": cache, "name": "archive", "topic": TOPIC, "url": receiver.url}
        made = tenant.http.post("/v1/webhooks", json=body).raise_for_status().json()
        publisher.publish(50)
        until(lambda: len(receiver.taken) >= 50, seconds=30, what="the first items")
        asked = {"bytes": 1, "cache": cache, "topic": TOPIC}
        estimate = tenant.http.post("/v1/estimate", json=asked).raise_for_status().json()
        assert (estimate["subscribers"], estimate["subscribers_exact"]) == (1, True), "the webhook is one"
        receiver.status = 500
        publisher.publish(50)
        fleet.accounts[0].kill()  # in the middle of its tries
        publisher.publish(50)
        receiver.status = 204
        fleet.accounts[0].restart()
        fleet.nodes[0].kill()
        publisher.publish(50)
        fleet.nodes[0].restart()
        wanted = set(publisher.acknowledged[3:])
        until(lambda: wanted <= {int(told["text"]) for told in receiver.taken}, seconds=60, what="everything")
        fleet.wait_for_nodes(len(fleet.nodes))
        seen = list(dict.fromkeys(int(told["text"]) for told in receiver.taken))
    assert seen == sorted(seen)
    assert min(seen) == 3
    shown = tenant.http.get(f"/v1/webhooks/{made['webhook_id']}").raise_for_status().json()
    assert (shown["state"], shown["dead_letters"]) == ("delivering", 0)
