"""One order for everybody, and tenants that never meet."""

import threading
from concurrent.futures import ThreadPoolExecutor

from momento_wire_types import cachepubsub_pb2 as pubsub

from tests.e2e.conformance.refusals import refused
from tests.e2e.service import Service
from tests.e2e.tenant import Tenant
from tests.e2e.wire import Client, Subscription

PUBLISHERS, EACH, SUBSCRIBERS = 4, 250, 50


def test_four_publishers_and_fifty_subscribers_see_one_order_without_gap_or_duplicate(tenant: Tenant) -> None:
    cache = tenant.new_cache()
    clients = [tenant.client(tenant.key) for _ in range(5)]
    streams = [clients[n % 5].subscribe(cache, "busy") for n in range(SUBSCRIBERS)]
    start = threading.Barrier(PUBLISHERS)

    def publish(publisher: int) -> None:
        client = tenant.client(tenant.key)
        start.wait()
        for number in range(EACH):
            client.publish(cache, "busy", f"{publisher}:{number}")

    def read(stream: Subscription) -> list[pubsub._TopicItem]:
        return [stream.item() for _ in range(PUBLISHERS * EACH)]

    with ThreadPoolExecutor(PUBLISHERS + SUBSCRIBERS) as threads:
        seen = [threads.submit(read, stream) for stream in streams]
        for done in [threads.submit(publish, n) for n in range(PUBLISHERS)]:
            done.result()
        received = [each.result() for each in seen]
    first = received[0]
    assert [item.topic_sequence_number for item in first] == list(range(1, PUBLISHERS * EACH + 1))
    assert all(each == first for each in received)
    for publisher in range(PUBLISHERS):
        own = [item.value.text for item in first if item.value.text.startswith(f"{publisher}:")]
        assert own == [f"{publisher}:{number}" for number in range(EACH)]


def test_topics_on_several_nodes_keep_their_own_order() -> None:
    with Service(nodes=3) as service, Tenant(service) as tenant:
        cache, topics = tenant.new_cache(), [f"topic-{n}" for n in range(24)]
        streams = {topic: tenant.owner.subscribe(cache, topic) for topic in topics}
        for number in range(20):
            for topic in topics:
                tenant.owner.publish(cache, topic, str(number))
        for stream in streams.values():
            assert stream.texts(20) == [str(number) for number in range(20)]


def test_a_resumed_subscriber_misses_nothing_while_others_publish(owner: Client, cache: str) -> None:
    owner.publish(cache, "a", "x")
    number = 1
    for _ in range(10):
        for _ in range(7):
            owner.publish(cache, "a", "x")
        stream = owner.subscribe(cache, "a", number + 1)
        for _ in range(7):
            item = stream.item()
            number += 1
            assert item.topic_sequence_number == number
        stream.cancel()


def test_equal_names_of_two_accounts_never_meet(tenant: Tenant) -> None:
    with Tenant(tenant.service) as other:
        name = tenant.new_cache()
        other.owner.create_cache(name)
        ours, theirs = tenant.owner.subscribe(name, "a"), other.owner.subscribe(name, "a")
        for number in range(20):
            tenant.owner.publish(name, "a", f"ours {number}")
            other.owner.publish(name, "a", f"theirs {number}")
        assert ours.texts(20) == [f"ours {number}" for number in range(20)]
        assert theirs.texts(20) == [f"theirs {number}" for number in range(20)]
        other.owner.delete_cache(name)
        assert theirs.end().code.name == "NOT_FOUND"
        tenant.owner.publish(name, "a", "still here")
        assert ours.texts(1) == ["still here"]


def test_a_key_of_one_account_sees_nothing_of_another(tenant: Tenant, cache: str) -> None:
    with Tenant(tenant.service) as other:
        for call in (
            lambda: other.owner.publish(cache, "a", "x"),
            lambda: other.owner.subscribe(cache, "a"),
            lambda: other.owner.delete_cache(cache),
        ):
            with refused("NOT_FOUND"):
                call()
        assert cache not in [found.cache_name for found in other.owner.list_caches().cache]
