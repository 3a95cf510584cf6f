"""What is billed is what was counted by hand: known traffic through the published SDK, then GET /v1/usage."""

import time
from collections import Counter
from collections.abc import Iterator

import pytest

from api.account import LARGEST_MESSAGE_BYTES
from cli.edge.sent import LOOK_SECONDS
from tests.e2e.service import Service, until, within
from tests.e2e.tenant import Tenant
from tests.e2e.truth.customer import Customer, Language, Used

WITHIN_SECONDS = 5
KIB = 1024

BYTES_OF_A_FRAME, BYTES_AROUND_A_FRAME, BYTES_AROUND_A_MESSAGE = 4 * KIB, 9, 64
"""Frames are shorter than the 16 KiB that they may have where the stream's window is nearly used up."""

OTHER_ANSWERS_BYTES = 256 * KIB
"""Of the requests by which a test waits for what it waits for: more of them on a slow machine."""


@pytest.fixture
def customer(service: Service) -> Iterator[Customer]:
    with Customer(service) as made:
        yield made


def assert_billed(customer: Customer, expected: dict[str, Used]) -> None:
    """Within five seconds of the traffic it is told, and never anything else once all that follows it is told too."""
    within(lambda: customer.used() == expected, WITHIN_SECONDS, f"{expected}, not {customer.used()},")
    after = customer.tenant.new_cache()
    assert customer.sdk().publish(after, "topic", [1]) == ["stored"]
    within(lambda: after in customer.used(), WITHIN_SECONDS, "usage that came later")
    assert customer.used() == {**expected, after: Used(1, 1, 1)}
    assert customer.verify().startswith("clean: ")


@pytest.mark.parametrize("language", ["python", "node"])
def test_each_size_is_billed_by_its_chunks(customer: Customer, language: Language) -> None:
    cache, sdk = customer.tenant.new_cache(), customer.sdk(language=language)
    sizes = [0, 1, 1023, 1024, 1025, 4096, LARGEST_MESSAGE_BYTES]
    assert LARGEST_MESSAGE_BYTES == 4095 * KIB
    assert sdk.subscribe(cache, "sizes") == 1
    assert sdk.publish(cache, "sizes", sizes) == ["stored"] * 7
    assert [size for _, _, size in sdk.read("sizes", 7)] == sizes
    size, operations = 0 + 1 + 1023 + 1024 + 1025 + 4096 + 4095 * KIB, 1 + 1 + 1 + 1 + 2 + 4 + 4095
    assert_billed(customer, {cache: Used(7, size, operations, 7, size, operations)})


def test_each_subscriber_is_billed_and_none_is_free_of_charge(customer: Customer) -> None:
    """0.1 KB to 0, 1, 9 and 100 subscribers are 1, 2, 10 and 101 operations; 1,025 bytes are twice as many."""
    cache, publisher = customer.tenant.new_cache(), customer.sdk(language="node")
    for audience in (0, 1, 9, 100):
        topic, sdk = f"to-{audience}", customer.sdk(language="node" if audience == 9 else "python")
        assert sdk.subscribe(cache, topic, count=audience) == audience
        assert customer.subscribers(cache, topic) == audience
        assert publisher.publish(cache, topic, [100, 1025]) == ["stored"] * 2
        assert [size for _, _, size in sdk.read(topic, 2)] == [100, 1025] * audience
    assert_billed(customer, {cache: Used(8, 4 * 1125, 4 * 3, 220, 110 * 1125, 110 * 3)})


def test_the_seconds_of_a_stream_that_only_stays_open_are_told_within_five_seconds(customer: Customer) -> None:
    cache, sdk = customer.tenant.new_cache(), customer.sdk()
    assert sdk.subscribe(cache, "silent") == 1
    opened, told = time.monotonic(), 0
    for _ in range(3):
        passed = max(told + 1, int(time.monotonic() - opened))
        within(
            lambda passed=passed: customer.subscription_seconds(cache) >= passed,
            WITHIN_SECONDS,
            f"{passed} seconds of a subscription",
        )
        told = customer.subscription_seconds(cache)
    assert customer.used() == {}


def test_who_is_gone_is_not_billed_and_what_is_read_again_is(customer: Customer) -> None:
    cache, publisher, dropped = customer.tenant.new_cache(), customer.sdk(), customer.sdk()
    dropped.subscribe(cache, "news")
    publisher.publish(cache, "news", [10, 1025])
    (_, page, _), _ = dropped.read("news", 2)
    dropped.kill()
    customer.until_subscribers(cache, "news", 0)
    publisher.publish(cache, "news", [4096, 1, 1])

    resumed, whole, fresh = customer.sdk(), customer.sdk(), customer.sdk()
    resumed.subscribe(cache, "news", number=3, page=page)
    assert [number for number, _, _ in resumed.read("news", 3)] == [3, 4, 5]
    whole.subscribe(cache, "news", number=1, page=page)
    assert [number for number, _, _ in whole.read("news", 5)] == [1, 2, 3, 4, 5]
    fresh.subscribe(cache, "news")
    assert [number for number, _, _ in fresh.read("news", 1)] == [5]

    published = (5, 10 + 1025 + 4096 + 1 + 1, 1 + 2 + 4 + 1 + 1)
    delivered = (2 + 3 + 5 + 1, 1035 + 4098 + 5133 + 1, 3 + 6 + 9 + 1)
    assert_billed(customer, {cache: Used(*published, *delivered)})


def test_a_slow_subscriber_is_billed_what_it_got_and_nothing_that_was_dropped(customer: Customer) -> None:
    cache, publisher, slow, quick = customer.tenant.new_cache(), customer.sdk(), customer.sdk(), customer.sdk()
    messages, size, operations = 80, 200_000, 196
    slow.subscribe(cache, "flood")
    quick.subscribe(cache, "flood")
    for number in range(1, messages + 1):
        assert publisher.publish(cache, "flood", [size]) == ["stored"]
        assert [got for got, _, _ in quick.read("flood", 1)] == [number]
    got = slow.read_to("flood", messages)
    assert len({number for number, _, _ in got}) == len(got) < messages  # some were dropped, and none came twice
    deliveries = messages + len(got)
    published = (messages, messages * size, messages * operations)
    assert_billed(customer, {cache: Used(*published, deliveries, deliveries * size, deliveries * operations)})


def test_what_is_refused_is_not_billed(customer: Customer, service: Service) -> None:
    cache, sdk = customer.tenant.new_cache(), customer.sdk()
    assert sdk.publish(cache, "topic", [LARGEST_MESSAGE_BYTES + 1]) == ["LIMIT_EXCEEDED_ERROR"]
    assert sdk.publish(cache, "   ", [1]) == ["INVALID_ARGUMENT_ERROR"]
    assert sdk.publish("no-such-cache", "topic", [1]) == ["NOT_FOUND_ERROR"]
    assert customer.sdk(customer.tenant.key[:-4] + "AAAA").publish(cache, "topic", [1]) == ["AUTHENTICATION_ERROR"]
    key, key_id = customer.tenant.new_key()
    customer.tenant.revoke(key_id)
    revoked = customer.sdk(key)
    until(lambda: revoked.publish(cache, "   ", [1]) == ["AUTHENTICATION_ERROR"])
    assert revoked.publish(cache, "topic", [1]) == ["AUTHENTICATION_ERROR"]
    with Tenant(service) as other:
        assert customer.sdk(other.key).publish(cache, "topic", [1]) == ["NOT_FOUND_ERROR"]
    assert_billed(customer, {})


def agreed(customer: Customer) -> Counter[str]:
    """Return what was counted before, once all have all of it: storage nodes, bills, and who asks Envoy now and then.

    Nothing tells that Envoy's bytes are the last ones: this asking is among them.
    """
    found: list[Counter[str]] = []

    def is_so() -> bool:
        found.append(customer.compared())
        return found[-1]["publishes_stored"] == found[-1]["publishes_billed"]

    until(is_so, seconds=20, what="one count of what was published before")
    time.sleep(2 * LOOK_SECONDS)
    return customer.compared()


def test_four_counts_of_the_same_traffic_agree(customer: Customer) -> None:
    """The client's, the router's batches, what storage nodes stored, and the bytes that Envoy sent."""
    before = agreed(customer)
    cache, publisher, gone, stays = customer.tenant.new_cache(), customer.sdk(), customer.sdk(), customer.sdk()
    half, size = 30, 500_000
    assert gone.subscribe(cache, "counted") == stays.subscribe(cache, "counted") == 1
    received = 0
    for number in range(2 * half):
        if number == half:
            gone.kill()
            customer.until_subscribers(cache, "counted", 1)
        assert publisher.publish(cache, "counted", [size]) == ["stored"]
        received += sum(len(sdk.read("counted", 1)) for sdk in ((gone, stays) if number < half else (stays,)))
    assert received == 3 * half

    def counted() -> dict[str, int]:
        return {name: number - before[name] for name, number in customer.compared().items()}

    def all_there() -> bool:
        now = counted()
        return now["publishes_stored"] == 2 * half and now["bytes_sent"] >= received * size

    until(all_there, seconds=60, what="what storage nodes and Envoy have counted")
    found = counted()
    assert found["publishes_billed"] == 2 * half
    assert found["publish_bytes_billed"] == found["publish_bytes_stored"] == 2 * half * size
    assert found["deliveries_billed"] == received
    assert found["delivery_bytes_billed"] == received * size
    frames = size // BYTES_OF_A_FRAME + 1
    surrounds = received * (BYTES_AROUND_A_MESSAGE + BYTES_AROUND_A_FRAME * frames)
    assert found["bytes_sent"] <= received * size * 1.001 + surrounds + OTHER_ANSWERS_BYTES
